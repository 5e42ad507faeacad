import { describe, expect, it } from 'vitest'
import { whyRefused } from './outbound-address.ts'

describe('addresses that are called because of what a user entered', () => {
  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '93.184.216.34',
    '2606:4700:4700::1111',
    '2001:4860:4860::8888',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
  ])('may be %s, which is public', (address) => {
    expect(whyRefused(address)).toBeUndefined()
  })

  it.each([
    // This machine and its networks (RFC 1122, 1918, 3927, 6598).
    ...[
      '127.0.0.1',
      '127.255.255.254',
      '0.0.0.0',
      '0.1.2.3',
      '10.0.0.1',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
    ],
    ...['169.254.1.1', '169.254.169.254', '169.254.170.2', '100.64.0.1', '100.100.100.200', '100.127.255.255'],
    // Multicast, broadcast, reserved, documentation, benchmarks, protocol assignments (RFC 6890).
    ...['224.0.0.1', '239.255.255.255', '255.255.255.255', '240.0.0.1', '192.0.2.1', '198.51.100.1', '203.0.113.1'],
    ...['198.18.0.1', '192.0.0.192', '192.88.99.1'],
    // Metadata that has a public number.
    '168.63.129.16',
    // IPv6: unspecified, loopback, link-local, site-local, unique local (metadata of AWS and GCP), multicast, discard.
    ...['::', '::1', 'fe80::1', 'fec0::1', 'fc00::1', 'fd00:ec2::254', 'fd20:ce::254', 'ff02::1', '100::1'],
    // IPv4 in disguise: mapped, translated, NAT64, compatible, 6to4, Teredo; and what is not in use.
    ...[
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '::ffff:169.254.169.254',
      '::ffff:0:127.0.0.1',
      '64:ff9b::7f00:1',
      '64:ff9b::a9fe:a9fe',
    ],
    ...[
      '64:ff9b:1::a00:1',
      '::127.0.0.1',
      '2002:7f00:1::',
      '2002:a9fe:a9fe::1',
      '2001:0:7f00:1::',
      '2001:db8::1',
      '5f00::1',
      '4000::1',
    ],
    // No addresses at all, and such as only some parsers take for one.
    ...['', 'localhost', '127.0.0.1.example', '1.1.1.1/8', 'fe80::1%eth0'],
  ])('are refused when they are %s', (address) => {
    expect(whyRefused(address)).toEqual(expect.any(String))
  })
})
