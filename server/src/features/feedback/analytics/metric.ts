import { Float, type Json, printJson } from '../../weave/exact-json.ts'
import { isJsonObject } from '../../weave/fields.ts'
import { invalidRequest } from '../../weave/weave-error.ts'

export type ValueType = 'numeric' | 'boolean' | 'categorical'
export type Aggregation = 'sum' | 'avg' | 'min' | 'max' | 'count' | 'count_true' | 'count_false'

/** Something in payloads that is to be counted or averaged. */
export type Metric = {
  jsonPath: string
  valueType: ValueType
  aggregations: readonly Aggregation[]
  /** 0 to 100; only of numbers. */
  percentiles: readonly number[]
}

const SAFE_PATH = /^[\p{L}\p{N}_ .\-/:@#+]+$/u

/** Whether a path can be asked for: it has no quotes and no brackets. */
export function isSafePath(path: string): boolean {
  return SAFE_PATH.test(path)
}

/** @throws {WeaveError} for a path that is empty or holds what paths may not, and for a percentile beyond 0 to 100. */
export function checkMetric({ jsonPath, percentiles }: Metric): void {
  if (jsonPath.split('.').some((part) => part.trim() === '')) throw invalidRequest('json_path cannot be empty')
  if (!isSafePath(jsonPath))
    throw invalidRequest('json_path may only contain letters, digits, spaces and the characters _ . - / : @ # +')
  for (const percentile of percentiles)
    if (!(percentile >= 0 && percentile <= 100)) throw invalidRequest('Percentiles are from 0 to 100')
}

/** What the metric is called in replies. */
export function slugOf({ jsonPath }: Metric): string {
  return jsonPath.replaceAll('.', '_')
}

/** Collects one metric over some payloads. */
export class MetricCollector {
  readonly #metric: Metric
  readonly #keys: readonly string[]
  readonly #numbers: number[] = []
  #count = 0
  #true = 0
  #sum = 0
  #min: number | null = null
  #max: number | null = null

  constructor(metric: Metric) {
    this.#metric = metric
    this.#keys = metric.jsonPath.split('.')
  }

  add(payload: Json): void {
    const value = valueAt(payload, this.#keys)
    switch (this.#metric.valueType) {
      case 'numeric':
        this.#addNumber(toNumber(value))
        break
      case 'boolean': {
        const text = value === null ? '' : String(value)
        if (text !== 'true' && text !== 'false') return
        this.#count++
        if (text === 'true') this.#true++
        break
      }
      case 'categorical':
        if (value !== null) this.#count++
    }
  }

  #addNumber(number: number | null): void {
    if (number === null) return
    this.#count++
    this.#sum += number
    this.#min = this.#min === null ? number : Math.min(this.#min, number)
    this.#max = this.#max === null ? number : Math.max(this.#max, number)
    if (this.#metric.percentiles.length > 0) this.#numbers.push(number)
  }

  /** @param averageOfNothing a chart draws 0, a summary says null. */
  results(averageOfNothing: 0 | null): Record<string, number | null> {
    const results: Record<string, number | null> = {}
    for (const aggregation of aggregationsOf(this.#metric))
      results[aggregation] = this.#result(aggregation, averageOfNothing)
    if (this.#metric.valueType === 'numeric' && this.#metric.percentiles.length > 0) {
      this.#numbers.sort((a, b) => a - b)
      for (const percentile of this.#metric.percentiles)
        results[`p${String(percentile).replace('.', '_')}`] = quantile(this.#numbers, percentile / 100)
    }
    return results
  }

  #result(aggregation: Aggregation, averageOfNothing: 0 | null): number | null {
    switch (aggregation) {
      case 'sum':
        return this.#sum
      case 'avg':
        return this.#count === 0 ? averageOfNothing : this.#sum / this.#count
      case 'min':
        return this.#min
      case 'max':
        return this.#max
      case 'count':
        return this.#count
      case 'count_true':
        return this.#true
      case 'count_false':
        return this.#count - this.#true
    }
  }
}

function aggregationsOf({ aggregations, valueType }: Metric): readonly Aggregation[] {
  if (aggregations.length > 0) return aggregations
  return DEFAULTS[valueType]
}

const DEFAULTS: Record<ValueType, readonly Aggregation[]> = {
  numeric: ['avg', 'min', 'max'],
  boolean: ['count_true', 'count_false'],
  categorical: ['count'],
}

function valueAt(payload: Json, keys: readonly string[]): Json {
  return keys.reduce<Json>((value, key) => {
    if (Array.isArray(value)) return /^\d+$/.test(key) ? (value[Number(key)] ?? null) : null
    return isJsonObject(value) && Object.hasOwn(value, key) ? (value[key] ?? null) : null
  }, payload)
}

function toNumber(value: Json): number | null {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint' || value instanceof Float) return Number(value)
  const isNumeric = typeof value === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)
  return isNumeric && Number.isFinite(Number(value)) ? Number(value) : null
}

/** Between the two values beside it, as ClickHouse does. */
function quantile(sorted: readonly number[], level: number): number | null {
  const place = level * (sorted.length - 1)
  const below = sorted[Math.floor(place)]
  const above = sorted[Math.ceil(place)]
  if (below === undefined || above === undefined) return null
  return below + (above - below) * (place - Math.floor(place))
}

/** @returns the type of a value that a payload has; undefined for null, lists and objects. */
export function typeOfValue(value: Json): ValueType | undefined {
  if (value === null || Array.isArray(value) || isJsonObject(value)) return undefined
  if (typeof value === 'boolean') return 'boolean'
  return typeof value === 'string' ? 'categorical' : printJson(value) === 'null' ? undefined : 'numeric'
}
