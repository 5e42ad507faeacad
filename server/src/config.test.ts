import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, configFileJsonSchema, loadConfig } from './config.ts'

function fileWith(content: unknown): string {
  const file = join(mkdtempSync(join(tmpdir(), 'etude-config-')), 'etude.config.json')
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

function problemsOf(environment: Record<string, string>): string[] {
  try {
    loadConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

const lab = { name: 'lab', kind: 'openai-compatible', baseUrl: 'http://127.0.0.1:9000/v1/' }

describe('the configuration', () => {
  it('starts on SQLite on this machine when nothing is set', () => {
    expect(loadConfig({})).toMatchObject({ host: '127.0.0.1', port: 4747, database: { kind: 'sqlite' }, providers: [] })
  })

  it('takes an empty variable for one that is not set', () => {
    expect(loadConfig({ ETUDE_PORT: '', DATABASE_URL: '' })).toMatchObject({ port: 4747, database: { kind: 'sqlite' } })
  })

  it('reads providers with their keys from the variables they name', () => {
    const config = loadConfig({
      ETUDE_CONFIG: fileWith({
        providers: [{ ...lab, apiKeyEnv: 'LAB_KEY' }],
        models: [
          {
            name: 'lab-small',
            provider: 'lab',
            model: 'small-1',
            contextTokens: 8192,
            maxOutputTokens: 1024,
            tokenizer: 'o200k_base',
            pricePerMillionTokens: { input: 0.15, output: 0.6 },
            unsupported: ['temperature'],
          },
        ],
        outbound: { allow: ['http://127.0.0.1:9100'] },
      }),
      LAB_KEY: 'k',
    })
    expect(config.providers).toMatchObject([
      { name: 'lab', baseUrl: 'http://127.0.0.1:9000/v1', apiKey: 'k', retries: 2 },
    ])
    expect(config.models).toMatchObject([{ name: 'lab-small', unsupported: ['temperature'] }])
    expect(config.outbound.allow).toEqual(['http://127.0.0.1:9100'])
  })

  it('reports all mistakes together, each with its path', () => {
    const file = fileWith({
      providers: [
        { ...lab, idleTimeoutMs: 'soon' },
        { name: 'x', kind: 'telepathy' },
      ],
      colour: 'red',
    })
    const problems = problemsOf({
      ETUDE_PORT: '99999',
      DATABASE_URL: 'mysql://x',
      ETUDE_SECRET: 'short',
      ETUDE_CONFIG: file,
    })
    for (const path of [
      'ETUDE_PORT',
      'DATABASE_URL',
      'ETUDE_SECRET',
      'providers[0].idleTimeoutMs',
      'providers[1].kind',
      'colour',
    ])
      expect(problems.join('\n')).toContain(path)
  })

  it('reports references that lead nowhere', () => {
    const file = fileWith({
      providers: [{ ...lab, apiKeyEnv: 'NOT_SET' }, lab],
      models: [{ name: 'm', provider: 'other', model: 'm' }],
    })
    expect(problemsOf({ ETUDE_CONFIG: file })).toEqual([
      'providers[0].apiKeyEnv: the variable NOT_SET is not set',
      'providers[1].name: lab is used twice',
      'models[0].provider: there is no provider named other',
    ])
  })

  it('says when the file named is missing or is not JSON', () => {
    expect(problemsOf({ ETUDE_CONFIG: '/nowhere/etude.config.json' })[0]).toContain('cannot be read')
    expect(problemsOf({ ETUDE_CONFIG: fileWith('{') })[0]).toContain('is not JSON')
  })

  it('describes its file to editors', () => {
    expect(configFileJsonSchema().properties).toHaveProperty('providers')
  })
})
