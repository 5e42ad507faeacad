import type { CompiledQuery } from 'kysely'

/**
 * Builds a query once and returns a function that fills in its values: a hot query then costs no building.
 *
 * The builder receives a stand-in for the values and may only pass its properties on to Kysely, not look at them.
 */
export function compileOnce<Values extends object, Row>(
  build: (values: Values) => { compile(): CompiledQuery<Row> },
): (values: Values) => CompiledQuery<Row> {
  let compiled: CompiledQuery<Row> | undefined
  return (values) => {
    compiled ??= build(standIns<Values>()).compile()
    const { query, queryId, sql } = compiled
    const parameters = compiled.parameters.map((parameter) =>
      parameter instanceof StandIn ? values[parameter.key as keyof Values] : parameter,
    )
    return { query, queryId, sql, parameters }
  }
}

class StandIn {
  readonly key: string
  constructor(key: string) {
    this.key = key
  }
}

function standIns<Values extends object>(): Values {
  return new Proxy({} as Values, { get: (_, key) => new StandIn(String(key)) })
}
