import { v7 as uuidv7 } from 'uuid'
import type { Person } from '../accounts/person.ts'
import type { CatalogModel } from '../catalog/catalog.ts'
import type { ProjectAccess, WeaveProjects } from '../weave/project-access.ts'
import { toCallTime } from './call-time.ts'
import type { CostInputBody } from './cost-schema.ts'
import type { CostStore, ProjectPrice } from './cost-store.ts'
import { choosePrice, costEntry, type TokenPrice, totalCosts } from './token-prices.ts'
import { readUsage, type TotalCosts } from './token-usage.ts'

const ALWAYS = '1970-01-01T00:00:00.000000Z'
const TOKENS_PER_PRICE = 1_000_000

/** What calls cost: by the prices of their project, else by those of the catalog. */
export class TokenCosts {
  readonly #projects: WeaveProjects
  readonly #store: CostStore
  readonly #findModel: (name: string) => CatalogModel | undefined
  readonly #now: () => Date

  constructor(deps: {
    projects: WeaveProjects
    store: CostStore
    findModel: (name: string) => CatalogModel | undefined
    now: () => Date
  }) {
    this.#projects = deps.projects
    this.#store = deps.store
    this.#findModel = deps.findModel
    this.#now = deps.now
  }

  /** Sets prices of a project, by the names of models; returns the id and the model of each. */
  async create(person: Person, projectName: string, costs: Record<string, CostInputBody>): Promise<[string, string][]> {
    const access = await this.#projects.forWriting(person, projectName)
    const now = this.#now().toISOString()
    const prices = Object.entries(costs).map(
      ([llmId, cost]): ProjectPrice => ({
        costId: uuidv7(),
        llmId,
        providerId: cost.provider_id || 'default',
        effectiveDate: cost.effective_date ?? toCallTime(now) ?? ALWAYS,
        promptTokenCost: cost.prompt_token_cost,
        completionTokenCost: cost.completion_token_cost,
        cacheReadInputTokenCost: cost.cache_read_input_token_cost ?? 0,
        cacheCreationInputTokenCost: cost.cache_creation_input_token_cost ?? 0,
        promptTokenCostUnit: cost.prompt_token_cost_unit || 'USD',
        completionTokenCostUnit: cost.completion_token_cost_unit || 'USD',
        createdBy: person.handle,
        createdAt: now,
      }),
    )
    await this.#store.add(access.projectId, prices)
    return prices.map(({ costId, llmId }) => [costId, llmId])
  }

  /** The prices that count in a project, to be asked about many calls. */
  async priceBook(access: ProjectAccess): Promise<PriceBook> {
    const levelId = `${access.entity}/${access.project}`
    const ofProject = new Map<string, TokenPrice[]>()
    for (const price of await this.#store.list(access.projectId)) {
      const known = ofProject.get(price.llmId) ?? []
      ofProject.set(price.llmId, known)
      known.push({ ...price, level: 'project', levelId })
    }
    return new PriceBook((llmId) => [...(ofProject.get(llmId) ?? []), ...this.#catalogPrice(llmId)])
  }

  #catalogPrice(llmId: string): TokenPrice[] {
    const model = this.#findModel(llmId)
    if (!model?.pricePerMillionTokens) return []
    return [
      {
        costId: '',
        llmId,
        level: 'default',
        levelId: 'default',
        providerId: model.provider,
        effectiveDate: ALWAYS,
        promptTokenCost: model.pricePerMillionTokens.input / TOKENS_PER_PRICE,
        completionTokenCost: model.pricePerMillionTokens.output / TOKENS_PER_PRICE,
        cacheReadInputTokenCost: 0,
        cacheCreationInputTokenCost: 0,
        promptTokenCostUnit: 'USD',
        completionTokenCostUnit: 'USD',
        createdBy: 'system',
        createdAt: ALWAYS,
      },
    ]
  }
}

/** Prices by model and time. */
export class PriceBook {
  readonly #pricesOf: (llmId: string) => TokenPrice[]
  readonly #known = new Map<string, TokenPrice[]>()

  constructor(pricesOf: (llmId: string) => TokenPrice[]) {
    this.#pricesOf = pricesOf
  }

  /** `summary.weave.costs` of a call; undefined when nothing of it has a price. */
  entries(summary: unknown, startedAt: string): Record<string, unknown> | undefined {
    const costs: Record<string, unknown> = {}
    for (const [model, usage] of readUsage(summary)) {
      const price = this.#find(model, startedAt)
      if (price) costs[model] = costEntry(usage, price)
    }
    return Object.keys(costs).length > 0 ? costs : undefined
  }

  /** What each model of a call cost. */
  totals(summary: unknown, startedAt: string): Map<string, TotalCosts> {
    const totals = new Map<string, TotalCosts>()
    for (const [model, usage] of readUsage(summary)) {
      const price = this.#find(model, startedAt)
      if (price) totals.set(model, totalCosts(usage, price))
    }
    return totals
  }

  #find(llmId: string, startedAt: string): TokenPrice | undefined {
    const prices = this.#known.get(llmId) ?? this.#pricesOf(llmId)
    this.#known.set(llmId, prices)
    return choosePrice(prices, startedAt)
  }
}
