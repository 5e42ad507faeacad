import type { Kysely } from 'kysely'
import type { Tables } from '../../db/tables.ts'

/** Files of projects, each once however often it was sent. */
export class FileStore {
  readonly #db: Kysely<Tables>

  constructor(database: { db: Kysely<Tables> }) {
    this.#db = database.db
  }

  async store(projectId: number, digest: string, content: Buffer, now: string): Promise<void> {
    if (await this.#has(projectId, digest)) return
    await this.#db
      .insertInto('weave_files')
      .values({ project_id: projectId, digest, content, size_bytes: content.length, created_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }

  async find(projectId: number, digest: string): Promise<Buffer | undefined> {
    const row = await this.#db
      .selectFrom('weave_files')
      .select('content')
      .where('project_id', '=', projectId)
      .where('digest', '=', digest)
      .executeTakeFirst()
    return row?.content
  }

  async storageBytes(projectId: number): Promise<number> {
    const { total } = await this.#db
      .selectFrom('weave_files')
      .select((select) => select.fn.sum<number | null>('size_bytes').as('total'))
      .where('project_id', '=', projectId)
      .executeTakeFirstOrThrow()
    return Number(total ?? 0)
  }

  async #has(projectId: number, digest: string): Promise<boolean> {
    const row = await this.#db
      .selectFrom('weave_files')
      .select('size_bytes')
      .where('project_id', '=', projectId)
      .where('digest', '=', digest)
      .executeTakeFirst()
    return row !== undefined
  }
}
