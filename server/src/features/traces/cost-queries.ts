import { sql } from 'kysely'
import { type JsonSql, jsonSql } from '../../db/json-sql.ts'
import type { Person } from '../accounts/person.ts'
import type { WeaveProjects } from '../weave/project-access.ts'
import { compileQuery } from '../weave/query/compile.ts'
import { type FieldResolver, resolveField } from '../weave/query/field.ts'
import type { Operand, Operation } from '../weave/query/query.ts'
import { checkPage, compileSort } from '../weave/query/sort.ts'
import { invalidRequest } from '../weave/weave-error.ts'
import type { CostQueryBody, CostQueryOutput } from './cost-schema.ts'
import type { CostStore, ProjectPrice } from './cost-store.ts'

/** Finds and removes the prices that a project has set. */
export class CostQueries {
  readonly #projects: WeaveProjects
  readonly #store: CostStore
  readonly #json: JsonSql

  constructor(deps: { projects: WeaveProjects; store: CostStore; kind: 'sqlite' | 'postgres' }) {
    this.#projects = deps.projects
    this.#store = deps.store
    this.#json = jsonSql(deps.kind)
  }

  /** @throws {WeaveError} for unknown fields and negative pages. */
  async query(person: Person, body: CostQueryBody): Promise<CostQueryOutput[]> {
    checkPage({ limit: body.limit ?? null, offset: body.offset ?? null })
    for (const field of body.fields ?? []) resolveField(findField, field)
    const compiler = { resolve: findField, json: this.#json }
    const { projectId } = await this.#projects.forReading(person, body.project_id)
    const prices = await this.#store.list(projectId, {
      ...(body.query && { condition: compileQuery(body.query.$expr, compiler) }),
      order: compileSort(body.sort_by ?? [], compiler),
      ...(typeof body.limit === 'number' && { limit: body.limit }),
      offset: body.offset ?? 0,
    })
    return prices.map((price) => pick(toOutput(price), body.fields))
  }

  /** @throws {WeaveError} for every query but one for ids. */
  async purge(person: Person, projectName: string, query: Operation): Promise<void> {
    const ids = idsOf(query)
    const { projectId } = await this.#projects.forWriting(person, projectName)
    await this.#store.remove(projectId, ids)
  }
}

const COLUMNS: Record<keyof CostQueryOutput, { column: string; kind: 'text' | 'number' | 'time' }> = {
  id: { column: 'cost_id', kind: 'text' },
  llm_id: { column: 'llm_id', kind: 'text' },
  prompt_token_cost: { column: 'prompt_token_cost', kind: 'number' },
  completion_token_cost: { column: 'completion_token_cost', kind: 'number' },
  cache_read_input_token_cost: { column: 'cache_read_input_token_cost', kind: 'number' },
  cache_creation_input_token_cost: { column: 'cache_creation_input_token_cost', kind: 'number' },
  prompt_token_cost_unit: { column: 'prompt_token_cost_unit', kind: 'text' },
  completion_token_cost_unit: { column: 'completion_token_cost_unit', kind: 'text' },
  effective_date: { column: 'effective_date', kind: 'time' },
  provider_id: { column: 'provider_id', kind: 'text' },
}

const findField: FieldResolver = (name) => {
  const known = Object.hasOwn(COLUMNS, name) ? COLUMNS[name as keyof CostQueryOutput] : undefined
  return known && { kind: known.kind, column: sql.ref(known.column), isNullable: false }
}

function toOutput(price: ProjectPrice): CostQueryOutput {
  return {
    id: price.costId,
    llm_id: price.llmId,
    prompt_token_cost: price.promptTokenCost,
    completion_token_cost: price.completionTokenCost,
    cache_read_input_token_cost: price.cacheReadInputTokenCost,
    cache_creation_input_token_cost: price.cacheCreationInputTokenCost,
    prompt_token_cost_unit: price.promptTokenCostUnit,
    completion_token_cost_unit: price.completionTokenCostUnit,
    effective_date: price.effectiveDate,
    provider_id: price.providerId,
  }
}

function pick(output: CostQueryOutput, fields: readonly string[] | null | undefined): CostQueryOutput {
  if (!fields?.length) return output
  return Object.fromEntries(
    Object.entries(output).map(([name, value]) => [name, fields.includes(name) ? value : null]),
  ) as CostQueryOutput
}

const ONLY_BY_ID = 'Can only purge costs by specifying one or more cost ids'

function idsOf(query: Operation): string[] {
  if (query.op === 'eq') return [idOf(query.left, query.right)]
  if (query.op === 'in') return query.list.map((item) => idOf(query.left, item))
  if (query.op !== 'or') throw invalidRequest(ONLY_BY_ID)
  if (query.operands.length === 0) throw invalidRequest('Empty OR operation')
  return query.operands.map((operand) => {
    if (operand.op !== 'eq') throw invalidRequest(ONLY_BY_ID)
    return idOf(operand.left, operand.right)
  })
}

function idOf(field: Operand, literal: Operand): string {
  if (field.op !== 'field' || field.field !== 'id' || literal.op !== 'literal' || typeof literal.value !== 'string')
    throw invalidRequest(ONLY_BY_ID)
  return literal.value
}
