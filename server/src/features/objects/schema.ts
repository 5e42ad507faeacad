import { z } from 'zod'
import type { Json } from '../weave/exact-json.ts'
import { JsonObject, orDefault, orNull } from '../weave/fields.ts'
import { storeText } from '../weave/stored-json.ts'

/** What objects, tables, files and refs are on the wire, as in Weave's OpenAPI document of 2 August 2026. */

const MOST_NAMES = 1_000
const MOST_ROWS_FILTERED = 10_000

const ProjectName = z
  .string()
  .meta({ description: '`entity/project`; an entity is a handle or a class’s slug', example: 'alice/intro' })
const Digest = z.string().meta({ description: 'What the content is called: a hash of it' })
const Version = z.string().meta({ description: 'A digest, `latest`, `v{N}` or an alias', example: 'latest' })
const ObjectName = z
  .string()
  .meta({ description: 'The name that all versions of an object have', example: 'my_dataset' })
/** What is looked for, as it would be stored: no database can hold all text that JSON can. */
const WantedDigest = Digest.transform(storeText)
const WantedObjectName = ObjectName.transform(storeText)
const WantedText = z.string().transform(storeText)
const ExpectedDigest = orNull(z.string()).meta({
  description: 'The digest that the client computed: another one is refused with 409',
})
const Names = (description: string) => orNull(z.array(WantedText).max(MOST_NAMES)).meta({ description })
const Switch = (description: string) => orDefault(z.boolean(), false).meta({ description })
const Limit = orNull(z.int()).meta({ description: 'At most so many' })
const Offset = orNull(z.int()).meta({ description: 'After so many' })
const WbUserId = orNull(z.string()).meta({ description: 'Ignored: it is always who asks' })

/** Any JSON but none at all, its numbers as they came. */
const Value = z.custom<Json>((value) => value !== undefined).meta({ description: 'Any JSON' })
/** In a reply: a value, or JSON that is printed already. */
const Printed = z.unknown().meta({ description: 'Any JSON' })
const SortBy = z.object({
  field: z.string().meta({ description: 'What to sort by' }),
  direction: z.enum(['asc', 'desc']).meta({ description: 'Smallest or largest first' }),
})

export const ObjectCreateRequest = z.object({
  obj: z.object({
    project_id: ProjectName,
    object_id: ObjectName,
    val: Value,
    builtin_object_class: orNull(z.string()).meta({ description: 'The class, when `val` has no `_bases`' }),
    set_base_object_class: orNull(z.string()).meta({ description: 'The former name of `builtin_object_class`' }),
    expected_digest: ExpectedDigest,
    wb_user_id: WbUserId,
  }),
})
export const ObjectCreated = z.object({ digest: Digest, object_id: ObjectName })

export const ObjectReadRequest = z.object({
  project_id: ProjectName,
  object_id: ObjectName,
  digest: Version,
  metadata_only: Switch('Leave `val` empty'),
  include_tags_and_aliases: Switch('Tell tags and aliases too'),
})
const ObjectVersion = z.object({
  project_id: ProjectName,
  object_id: ObjectName,
  created_at: z.iso.datetime(),
  deleted_at: z.iso.datetime().nullable(),
  digest: Digest,
  version_index: z.int().meta({ description: 'N of `v{N}`' }),
  is_latest: z.int().meta({ description: '1 or 0' }),
  kind: z.enum(['op', 'object']),
  base_object_class: z.string().nullable(),
  leaf_object_class: z.string().nullable(),
  val: Printed,
  wb_user_id: z.string().nullable().meta({ description: 'The handle of who published it' }),
  size_bytes: z.int().nullable(),
  tags: z.array(z.string()).nullable(),
  aliases: z.array(z.string()).nullable(),
})
export const ObjectReadReply = z.object({ obj: ObjectVersion })

export const ObjectsQueryRequest = z.object({
  project_id: ProjectName,
  filter: orNull(
    z.object({
      object_ids: Names('Only these names'),
      is_op: orNull(z.boolean()).meta({ description: 'Only ops, or everything but ops' }),
      latest_only: Switch('Only the newest version of each'),
      base_object_classes: Names('Only of these classes, e.g. `Dataset`'),
      exclude_base_object_classes: Names('Not of these classes'),
      leaf_object_classes: Names('Only of exactly these classes'),
      tags: Names('Only versions with one of these tags'),
      aliases: Names('Only versions that one of these aliases stands for'),
    }),
  ),
  limit: Limit,
  offset: Offset,
  sort_by: orNull(z.array(SortBy)).meta({ description: 'By `object_id` or `created_at`' }),
  metadata_only: Switch('Leave `val` empty'),
  include_storage_size: Switch('Tell `size_bytes` too'),
  include_tags_and_aliases: Switch('Tell tags and aliases too'),
})
export const ObjectsQueryReply = z.object({ objs: z.array(ObjectVersion) })

export const ObjectDeleteRequest = z.object({
  project_id: ProjectName,
  object_id: WantedObjectName,
  digests: orNull(z.array(Version.transform(storeText))).meta({ description: 'Every version if it is left out' }),
})
export const ObjectDeleteReply = z.object({
  num_deleted: z.int(),
  deleted_versions: z.array(
    z.object({
      digest: Digest,
      base_object_class: z.string().nullable(),
      leaf_object_class: z.string().nullable(),
    }),
  ),
})

export const VersionPath = z.object({ object_id: WantedObjectName, digest: WantedDigest })
export const ObjectPath = z.object({ object_id: WantedObjectName })
export const ProjectQuery = z.object({ project_id: ProjectName })
const Words = z.array(WantedText).max(MOST_NAMES)
export const TagsBody = z.object({ project_id: ProjectName, tags: Words })
export const AliasesBody = z.object({ project_id: ProjectName, aliases: Words })
export const SetAliasesBody = z.object({ project_id: ProjectName, digest: WantedDigest, aliases: Words })
export const Nothing = z.object({})
export const TagsReply = z.object({ tags: z.array(z.string()) })
export const AliasesReply = z.object({ aliases: z.array(z.string()) })

export const TableCreateRequest = z.object({
  table: z.object({ project_id: ProjectName, rows: z.array(JsonObject), expected_digest: ExpectedDigest }),
})
export const TableCreated = z.object({ digest: Digest, row_digests: z.array(Digest) })
export const TableFromDigestsRequest = z.object({
  project_id: ProjectName,
  row_digests: z.array(WantedDigest).meta({ description: 'Of rows that are in the project already' }),
  expected_digest: ExpectedDigest,
})
export const TableFromDigestsCreated = z.object({ digest: Digest })
export const TableUpdateRequest = z.object({
  project_id: ProjectName,
  base_digest: WantedDigest,
  updates: z.array(
    z.union([
      z.object({ append: z.object({ row: JsonObject }) }),
      z.object({ pop: z.object({ index: z.int() }) }),
      z.object({ insert: z.object({ index: z.int(), row: JsonObject }) }),
    ]),
  ),
})
export const TableUpdated = z.object({ digest: Digest, updated_row_digests: z.array(Digest) })
export const TableQueryRequest = z.object({
  project_id: ProjectName,
  digest: WantedDigest,
  filter: orNull(
    z.object({
      row_digests: orNull(z.array(WantedDigest).max(MOST_ROWS_FILTERED)).meta({ description: 'Only these rows' }),
    }),
  ),
  limit: Limit,
  offset: Offset,
  sort_by: orNull(z.array(SortBy)).meta({ description: 'Fields of rows, inner ones with dots between' }),
})
export const TableQueryReply = z.object({
  rows: z.array(z.object({ digest: Digest, val: Printed, original_index: z.int() })),
})
export const TableStatsRequest = z.object({ project_id: ProjectName, digest: WantedDigest })
export const TableStatsReply = z.object({ count: z.int() })
export const TablesStatsRequest = z.object({
  project_id: ProjectName,
  digests: orDefault(z.array(WantedDigest).max(MOST_NAMES), []),
  include_storage_size: Switch('Tell `storage_size_bytes` too'),
})
export const TablesStatsReply = z.object({
  tables: z.array(z.object({ count: z.int(), digest: Digest, storage_size_bytes: z.int().nullable() })),
})

export const FileCreated = z.object({ digest: Digest })
export const FileContentRequest = z.object({ project_id: ProjectName, digest: WantedDigest })
export const FilesStatsReply = z.object({ total_size_bytes: z.int() })

export const RefsReadRequest = z.object({ refs: z.array(z.string()).meta({ description: 'At most 1,000 refs' }) })
export const RefsReadReply = z.object({ vals: z.array(Printed) })
