import { readSkillAnswer, type SkillAnswerEvent } from './skill-answer.ts'
import type { Transport } from './transport.ts'
import type {
  CheckedSkillDocument,
  CreatedSkill,
  Page,
  Skill,
  SkillCredential,
  SkillOperationTuning,
  SkillSecurityScheme,
  SkillSummary,
  Skillset,
  SkillsetSummary,
  SkillsetVersionSummary,
} from './wire.ts'

/** Where an OpenAPI document is: here, or at a URL that the server may ask; or an MCP server. */
export type DocumentPlace = { document: string | object } | { url: string } | { mcp_url: string; mcp_token?: string }

/** What an author says of a skill; what is left out stays, or is taken from the document. */
export type SkillWords = {
  name_for_human?: string
  name_for_model?: string
  description_for_human?: string
  description_for_model?: string
  operations?: SkillOperationTuning[]
}

/** What an author says of a skillset; what is left out stays. */
export type SkillsetWords = {
  name?: string
  description?: string
  instructions?: string
  answer_format?: string
  model_name?: string | null
  skill_ids?: number[]
}

type Paging = { page?: number; size?: number; search?: string }

/** Skills, which are APIs that models can call, and skillsets of them. */
export class SkillsClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** What would become of a document, and everything that is wrong with it; nothing is kept. */
  checkDocument(place: DocumentPlace, { signal }: { signal?: AbortSignal } = {}): Promise<CheckedSkillDocument> {
    return this.#transport.json('POST', '/v1/skills/check', { body: place, signal })
  }

  create(request: DocumentPlace & SkillWords): Promise<CreatedSkill> {
    return this.#transport.json('POST', '/v1/skills', { body: request })
  }

  list({ page, size, search }: Paging = {}): Promise<Page<SkillSummary>> {
    return this.#transport.json('GET', '/v1/skills', { query: { page, size, q: search || undefined } })
  }

  get(skillId: number): Promise<Skill> {
    return this.#transport.json('GET', `/v1/skills/${skillId}`)
  }

  /** @param ifRevision makes it fail with `skill_changed` when somebody else was faster. */
  update(skillId: number, words: SkillWords, ifRevision?: number): Promise<Skill> {
    return this.#transport.json('PATCH', `/v1/skills/${skillId}`, { body: words, ifMatch: ifRevision })
  }

  async delete(skillId: number): Promise<void> {
    await this.#transport.send('DELETE', `/v1/skills/${skillId}`)
  }

  /** How a skill signs in and what is set of it: of oneself, or of a class. Secrets are never shown. */
  listCredentials(
    skillId: number,
    { classId }: { classId?: number | undefined } = {},
  ): Promise<{ security_schemes: SkillSecurityScheme[]; items: SkillCredential[] }> {
    return this.#transport.json('GET', `/v1/skills/${skillId}/credentials`, { query: { class_id: classId } })
  }

  setCredential(
    skillId: number,
    { scheme, secret, classId }: { scheme: string; secret: string; classId?: number | undefined },
  ): Promise<SkillCredential> {
    const path = `/v1/skills/${skillId}/credentials/${encodeURIComponent(scheme)}`
    return this.#transport.json('PUT', path, { query: { class_id: classId }, body: { secret } })
  }

  async removeCredential(
    skillId: number,
    { scheme, classId }: { scheme: string; classId?: number | undefined },
  ): Promise<void> {
    const path = `/v1/skills/${skillId}/credentials/${encodeURIComponent(scheme)}`
    await this.#transport.send('DELETE', path, { query: { class_id: classId } })
  }

  listSkillsets({ page, size, search }: Paging = {}): Promise<Page<SkillsetSummary>> {
    return this.#transport.json('GET', '/v1/skillsets', { query: { page, size, q: search || undefined } })
  }

  createSkillset(words: SkillsetWords & { name: string }): Promise<Skillset> {
    return this.#transport.json('POST', '/v1/skillsets', { body: words })
  }

  /** The draft, as its author works on it. */
  getSkillset(skillsetId: string): Promise<Skillset> {
    return this.#transport.json('GET', `/v1/skillsets/${skillsetId}`)
  }

  /** @param ifRevision makes it fail with `skillset_changed` when somebody else was faster. */
  updateSkillset(skillsetId: string, words: SkillsetWords, ifRevision?: number): Promise<Skillset> {
    return this.#transport.json('PATCH', `/v1/skillsets/${skillsetId}`, { body: words, ifMatch: ifRevision })
  }

  async deleteSkillset(skillsetId: string): Promise<void> {
    await this.#transport.send('DELETE', `/v1/skillsets/${skillsetId}`)
  }

  /** Makes the draft the next version, which never changes. */
  publish(skillsetId: string, ifRevision?: number): Promise<{ skillset_id: string; version: number }> {
    return this.#transport.json('POST', `/v1/skillsets/${skillsetId}/versions`, { ifMatch: ifRevision })
  }

  listVersions(skillsetId: string, { page, size }: Paging = {}): Promise<Page<SkillsetVersionSummary>> {
    return this.#transport.json('GET', `/v1/skillsets/${skillsetId}/versions`, { query: { page, size } })
  }

  /** Asks a version of a skillset and tells what happens: the plan, the calls, the answer piece by piece, its end. */
  ask(
    skillsetId: string,
    query: string,
    { version = 'latest', signal }: { version?: number | 'latest'; signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<SkillAnswerEvent, void> {
    return readSkillAnswer(() =>
      this.#transport.request('POST', `/v1/skillsets/${skillsetId}/versions/${version}/final-answer`, {
        body: { query, tokenStream: true },
        accept: 'text/event-stream',
        signal,
      }),
    )
  }
}
