import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { testDatabases } from '../../db/testing.ts'
import { tracesApp } from './testing.ts'

/**
 * The requests of the Python client as it writes them (weave.md §2.5): no Content-Type, every optional field as null,
 * times and JSON as pydantic prints them.
 */
const CALL = '0195f8b2-7d6e-7f3a-9c41-2f6e5a1b0c01'
const CHILD = '0195f8b2-7d6e-7f3a-9c41-2f6e5a1b0c02'
const TRACE = '0195f8b2-7d6e-7f3a-9c41-2f6e5a1b0c03'
const DONE = '0195f8b2-7d6e-7f3a-9c41-2f6e5a1b0c04'
const OP = 'weave:///ada/py/op/ask:GLPTO6ZMLyhtSKnXjXNZUSQ6VgiJ0ohpgGRGdm2RV7Y'

const start = (id: string, parent: string, more = '"thread_id":null,"turn_id":null') =>
  `{"project_id":"ada/py","id":"${id}","op_name":"${OP}","display_name":null,"trace_id":"${TRACE}","parent_id":${parent},` +
  `${more},"started_at":"2026-11-25T10:00:00.123456Z","attributes":{"weave":{"client_version":"0.52.30","source":"python-sdk",` +
  '"os_name":"Linux","os_version":"6.1","os_release":"x","sys_version":"3.12.3"}},"inputs":{"question":"\\uc65c?","temperature":1.0,' +
  '"seed":12345678901234567890},"otel_dump":null,"wb_user_id":null,"wb_run_id":null,"wb_run_step":null}'
const end = (id: string, exception = 'null') =>
  `{"project_id":"ada/py","id":"${id}","ended_at":"2026-11-25T10:00:01.123999Z","exception":${exception},"output":{"answer":"42"},` +
  '"summary":{"usage":{"gpt":{"prompt_tokens":3,"input_tokens":null,"completion_tokens":4,"output_tokens":null,"requests":1,' +
  '"total_tokens":7}},"status_counts":{"success":1,"error":0}},"wb_run_step_end":null}'

const FILTER =
  '{"op_names":null,"input_refs":null,"output_refs":null,"parent_ids":null,"trace_ids":null,"call_ids":null,' +
  '"thread_ids":null,"turn_ids":null,"trace_roots_only":null,"wb_user_ids":null,"wb_run_ids":null}'

describe.each(testDatabases)('requests of the Python client on $name', ({ open }) => {
  it('are answered as the hosted server answers them', async () => {
    const { app, ada } = await tracesApp(await open())
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const key = ada.authorization.replace('Bearer ', '')
    const send = async (path: string, body: string) => {
      const sent = request(`${url}${path}`, {
        method: 'POST',
        headers: {
          accept: '*/*',
          'accept-encoding': 'gzip, deflate',
          'user-agent': 'python-httpx/0.28.1',
          'x-weave-retry-id': '0195f8b2-7d6e-7f3a-9c41-2f6e5a1b0cff',
          authorization: `Basic ${Buffer.from(`api:${key}`).toString('base64')}`,
          'content-length': Buffer.byteLength(body),
        },
      })
      sent.end(body)
      const [reply] = (await once(sent, 'response')) as [IncomingMessage]
      const received = await text(reply)
      if (reply.statusCode !== 200) throw new Error(`${path}: ${reply.statusCode} ${received}`)
      return received
    }

    expect(
      await send(
        '/call/upsert_batch',
        `{"batch":[{"mode":"start","req":{"start":${start(CHILD, `"${CALL}"`)}}},{"mode":"end","req":{"end":${end(CHILD)}}},` +
          `{"mode":"start","req":{"start":${start(CALL, 'null', `"thread_id":"t-1","turn_id":"${CALL}"`)}}}]}`,
      ),
    ).toBe(`{"res":[{"id":"${CHILD}","trace_id":"${TRACE}"},{},{"id":"${CALL}","trace_id":"${TRACE}"}]}`)
    expect(await send('/call/end', `{"end":${end(CALL, '"Traceback (most recent call last):\\nValueError"')}}`)).toBe(
      '{}',
    )
    const complete = `{"batch":[${start(DONE, 'null').slice(0, -1)},${end(DONE).slice(1)}]}`
    expect(await send('/v2/ada/py/calls/complete', complete)).toBe('{}')
    expect(await send('/call/start', `{"start":${start('0195f8b2-7d6e-7f3a-9c41-2f6e5a1b0c05', 'null')}}`)).toBe(
      `{"id":"0195f8b2-7d6e-7f3a-9c41-2f6e5a1b0c05","trace_id":"${TRACE}"}`,
    )
    expect(await send('/v2/ada/py/call/end', `{"end":${end('0195f8b2-7d6e-7f3a-9c41-2f6e5a1b0c05')}}`)).toBe('{}')

    const lines = (
      await send(
        '/calls/stream_query',
        `{"project_id":"ada/py","filter":${FILTER},"limit":null,"offset":null,"sort_by":[{"field":"started_at","direction":"desc"}],` +
          '"query":null,"include_costs":true,"include_feedback":false,"include_storage_size":false,' +
          '"include_total_storage_size":false,"columns":null,"expand_columns":null,"return_expanded_column_values":true}',
      )
    ).trimEnd()
    expect(lines.split('\n')).toHaveLength(4)
    expect(lines).toContain('"inputs":{"question":"왜?","temperature":1.0,"seed":12345678901234567890}')
    const read = JSON.parse(
      await send(
        '/call/read',
        `{"project_id":"ada/py","id":"${CALL}","include_costs":false,"include_storage_size":false,"include_total_storage_size":false}`,
      ),
    )
    expect(read.call).toMatchObject({
      id: CALL,
      op_name: OP,
      thread_id: 't-1',
      exception: 'Traceback (most recent call last):\nValueError',
      summary: { weave: { status: 'error', trace_name: 'ask', latency_ms: 1000 } },
    })
    expect(
      await send(
        '/calls/query_stats',
        `{"project_id":"ada/py","filter":${FILTER},"query":null,"limit":null,"include_total_storage_size":false,"expand_columns":null}`,
      ),
    ).toBe('{"count":4,"has_more":false,"total_storage_size_bytes":null}')
    expect(
      await send(
        '/call/update',
        `{"project_id":"ada/py","call_id":"${CALL}","display_name":"renamed","wb_user_id":null}`,
      ),
    ).toBe('{}')
    expect(
      JSON.parse(
        await send(
          '/threads/stream_query',
          '{"project_id":"ada/py","filter":null,"limit":null,"offset":null,"sort_by":null}',
        ),
      ),
    ).toMatchObject({ thread_id: 't-1', turn_count: 1 })
    const created = JSON.parse(
      await send(
        '/cost/create',
        '{"project_id":"ada/py","costs":{"gpt":{"prompt_token_cost":1.0,"completion_token_cost":0.5,"prompt_token_cost_unit":"USD",' +
          '"completion_token_cost_unit":"USD","effective_date":null,"provider_id":"default"}},"wb_user_id":null}',
      ),
    )
    expect(
      JSON.parse(
        await send(
          '/cost/query',
          '{"project_id":"ada/py","fields":null,"query":{"$expr":{"$in":[{"$getField":"llm_id"},[{"$literal":"gpt"}]]}},' +
            '"sort_by":null,"limit":null,"offset":null}',
        ),
      ).results,
    ).toMatchObject([{ id: created.ids[0][0], prompt_token_cost: 1 }])
    expect(
      await send(
        '/cost/purge',
        `{"project_id":"ada/py","query":{"$expr":{"$or":[{"$eq":[{"$getField":"id"},{"$literal":"${created.ids[0][0]}"}]}]}}}`,
      ),
    ).toBe('{}')
    expect(
      JSON.parse(
        await send(
          '/trace/usage',
          `{"project_id":"ada/py","filter":${FILTER},"query":null,"include_costs":false,"limit":10000}`,
        ),
      ).call_usage[CALL].gpt.total_tokens,
    ).toBe(14)
    expect(await send('/calls/delete', `{"project_id":"ada/py","call_ids":["${CALL}"],"wb_user_id":null}`)).toBe(
      '{"num_deleted":2}',
    )
  })
})
