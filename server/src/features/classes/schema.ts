import { z } from 'zod'
import { anyText, IdInPath, jsonObject, optionalText, SearchText, text } from '../../http/fields.ts'
import type { ListedClass } from './administration.ts'
import type { ClassFields } from './class.ts'
import type { JoinCode } from './join-code-store.ts'
import type { Member } from './member-store.ts'
import type { Enrollment, RosterOutcome } from './members.ts'

/** Classes on the wire. */

const Status = z.enum(['planned', 'active', 'ended'])
const Role = z.enum(['teacher', 'assistant', 'student'])
const Time = z.iso.datetime().describe('ISO 8601, UTC')
const TimeGiven = z.iso.datetime({ offset: true }).transform((value) => new Date(value).toISOString())

const Handle = text(64).transform((handle) => handle.trim().toLowerCase())
const Slug = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, '1 to 63 lower-case letters, digits and hyphens, beginning with no hyphen')
const ClassName = text(200).transform((value) => value.trim())
const Description = optionalText(10_000).transform((value) => value ?? '')
const TimeZone = z.string().max(64).refine(isTimeZone, 'Not a time zone; one is Asia/Seoul')
const ModelName = z.string().min(1).max(256)
const AllowedModels = z
  .array(ModelName)
  .min(1)
  .max(200)
  .transform((names) => [...new Set(names)])
  .nullable()
  .describe('Logical model names; null allows every model. The primary is always one of them.')

const Params = jsonObject({ maxBytes: 20_000, maxDepth: 6 })
const DefaultSettings = z
  .strictObject({
    style_preset: z.enum(['accurate', 'balanced', 'creative', 'custom']).nullish(),
    style_params: Params.nullish(),
    generation_params: Params.nullish(),
  })
  .describe('What new sessions begin with')
  .meta({ id: 'ClassDefaultSettings' })

export const ClassBody = z
  .strictObject({
    slug: Slug.optional().describe('Made from the name unless told; also the name of its Weave entity'),
    name: ClassName,
    description: Description.optional(),
    status: Status.default('planned'),
    starts_at: TimeGiven.nullish().describe('Until then an active class counts as planned'),
    ends_at: TimeGiven.nullish().describe('From then on an active class counts as ended'),
    timezone: TimeZone.default('UTC').describe('IANA name'),
    allowed_models: AllowedModels.optional(),
    primary_model: ModelName.nullish().describe('The first allowed one unless told'),
    default_settings: DefaultSettings.nullish(),
  })
  .meta({ id: 'ClassRequest' })

export const ClassPatch = z
  .strictObject({
    slug: Slug.optional(),
    name: ClassName.optional(),
    description: Description.optional(),
    status: Status.optional(),
    starts_at: TimeGiven.nullish(),
    ends_at: TimeGiven.nullish(),
    timezone: TimeZone.optional(),
    allowed_models: AllowedModels.optional(),
    primary_model: ModelName.nullish(),
    default_settings: DefaultSettings.nullish().describe('Replaces all of them; null clears them'),
  })
  .meta({ id: 'ClassPatch' })

export const ClassPath = z.object({ class_id: IdInPath })
const page = { page: z.coerce.number().int().min(1).max(1_000_000).default(1) }
export const ClassListQuery = z.object({
  ...page,
  size: z.coerce.number().int().min(1).max(100).default(20),
  status: Status.optional(),
  q: SearchText.optional().describe('Part of a name or slug'),
})

const classFields = {
  class_id: z.int(),
  slug: z.string(),
  name: z.string(),
  description: z.string(),
  status: Status.describe('What counts now'),
  starts_at: Time.nullable(),
  ends_at: Time.nullable(),
  timezone: z.string(),
  allowed_models: z.array(z.string()).nullable(),
  primary_model: z.string().nullable(),
}

export const ClassSchema = z
  .object({
    ...classFields,
    status_as_set: Status.describe('What its teachers have set, whatever the dates make of it'),
    default_settings: z.object({
      style_preset: z.string().nullish(),
      style_params: z.record(z.string(), z.unknown()).nullish(),
      generation_params: z.record(z.string(), z.unknown()).nullish(),
    }),
    role: Role.nullable().describe('Mine; null when I look at it as an administrator'),
    member_count: z.int(),
    created_at: Time,
  })
  .meta({ id: 'Class' })

export const ClassPageSchema = z
  .object({ items: z.array(ClassSchema), total: z.int(), page: z.int(), size: z.int() })
  .meta({ id: 'ClassPage' })

export const ClassSessionsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: anyText(200).optional().describe('The next_cursor of the page before'),
  q: SearchText.optional().describe("Part of a title, of the latest prompt, or of the person's handle or name"),
  handle: anyText(64).optional().describe('Only the sessions of this person'),
})

const PersonFields = { user_id: z.int(), handle: z.string(), name: z.string() }

export const ClassSessionListSchema = z
  .object({
    items: z.array(
      z
        .object({
          session_id: z.int(),
          class_id: z.int(),
          person: z.object(PersonFields),
          title: z.string(),
          preview: z.string().describe('Begin of the latest prompt'),
          last_message_preview: z.string().describe('Begin of the latest answer'),
          model_names: z.array(z.string()),
          turn_count: z.int(),
          created_at: Time,
          updated_at: Time,
          last_activity_at: Time,
        })
        .meta({ id: 'ClassSession' }),
    ),
    next_cursor: z.string().nullable().describe('Null on the last page'),
  })
  .meta({ id: 'ClassSessionList' })

export const MemberPath = z.object({ class_id: IdInPath, user_id: IdInPath })
export const MemberListQuery = z.object({
  ...page,
  size: z.coerce.number().int().min(1).max(200).default(50),
  role: Role.optional(),
  q: SearchText.optional().describe('Part of a handle or name'),
})
export const MemberBody = z
  .strictObject({ handle: Handle, role: Role.default('student') })
  .meta({ id: 'ClassMemberRequest' })
export const MemberPatch = z.strictObject({ role: Role }).meta({ id: 'ClassMemberPatch' })

export const MemberSchema = z.object({ ...PersonFields, role: Role, joined_at: Time }).meta({ id: 'ClassMember' })
export const MemberPageSchema = z
  .object({ items: z.array(MemberSchema), total: z.int(), page: z.int(), size: z.int() })
  .meta({ id: 'ClassMemberPage' })

export const RosterBody = z.string().describe('CSV in UTF-8: handle, name, role; the first line names the columns')
export const RosterQuery = z.object({
  links: z
    .stringbool()
    .default(false)
    .describe('Makes one-time sign-in links for the people who did not exist; they are shown only now'),
})
export const RosterSchema = z
  .object({
    created: z
      .array(z.object({ ...PersonFields, sign_in_url: z.string().nullable() }))
      .describe('Did not exist before; in the order of handles, like the others'),
    added: z.array(z.object(PersonFields)).describe('Existed, and are in the class now'),
    unchanged: z.array(z.object(PersonFields)).describe('Were in the class already, and keep their role'),
  })
  .meta({ id: 'RosterResult' })

export const JoinCodePath = z.object({ class_id: IdInPath, join_code_id: IdInPath })
export const JoinCodeBody = z
  .strictObject({
    role: z.literal('student').default('student'),
    expires_at: TimeGiven.nullish(),
    max_uses: z
      .int()
      .min(1)
      .max(1_000_000)
      .nullish()
      .describe('How many people may join with it; any number unless told'),
  })
  .nullish()
  .meta({ id: 'JoinCodeRequest' })
export const JoinCodeSchema = z
  .object({
    join_code_id: z.int(),
    class_id: z.int(),
    code: z.string(),
    role: Role,
    status: z.enum(['active', 'expired', 'used_up']),
    expires_at: Time.nullable(),
    max_uses: z.int().nullable(),
    used_count: z.int(),
    created_at: Time,
  })
  .meta({ id: 'JoinCode' })
export const JoinCodeListSchema = z.object({ items: z.array(JoinCodeSchema) }).meta({ id: 'JoinCodeList' })

export const RedeemBody = z
  .strictObject({ code: z.string().max(100).describe('Capitals, spaces and hyphens do not matter') })
  .meta({ id: 'RedeemRequest' })
export const EnrollmentQuery = z.object({
  status: Status.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
})
export const EnrollmentSchema = z
  .object({
    ...classFields,
    role: Role,
    joined_at: Time,
    teachers: z.array(z.object(PersonFields)),
  })
  .meta({ id: 'Enrollment' })
export const EnrollmentPageSchema = z
  .object({ items: z.array(EnrollmentSchema), total: z.int(), page: z.int(), size: z.int() })
  .meta({ id: 'EnrollmentPage' })

type ClassGiven = z.output<typeof ClassPatch>

/** What is said of a class, in our own words; what is not said is missing. */
export function fromWire(given: ClassGiven): Partial<ClassFields> {
  const fields = {
    slug: given.slug,
    name: given.name,
    description: given.description,
    status: given.status,
    startsAt: given.starts_at,
    endsAt: given.ends_at,
    timezone: given.timezone,
    allowedModels: given.allowed_models,
    primaryModel: given.primary_model,
    defaultSettings: given.default_settings === null ? {} : given.default_settings,
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** A new class, in our own words. */
export function newClass(given: z.output<typeof ClassBody>): Omit<ClassFields, 'slug'> & { slug?: string | undefined } {
  return {
    slug: given.slug,
    name: given.name,
    description: given.description ?? '',
    status: given.status,
    startsAt: given.starts_at ?? null,
    endsAt: given.ends_at ?? null,
    timezone: given.timezone,
    allowedModels: given.allowed_models ?? null,
    primaryModel: given.primary_model ?? null,
    defaultSettings: given.default_settings ?? {},
  }
}

export function toWireClass(one: ListedClass): z.input<typeof ClassSchema> {
  return {
    ...commonFields(one),
    status_as_set: one.statusAsSet,
    default_settings: one.defaultSettings,
    role: one.role,
    member_count: one.memberCount,
    created_at: one.createdAt,
  }
}

export function toWireEnrollment(one: Enrollment): z.input<typeof EnrollmentSchema> {
  return { ...commonFields(one), role: one.role, joined_at: one.joinedAt, teachers: one.teachers.map(toWirePerson) }
}

export function toWireMember(member: Member): z.input<typeof MemberSchema> {
  return { ...toWirePerson(member), role: member.role, joined_at: member.joinedAt }
}

/** @param linkOf the address that a token opens. */
export function toWireRoster(outcome: RosterOutcome, linkOf: (token: string) => string): z.input<typeof RosterSchema> {
  return {
    created: outcome.created.map((person) => {
      const token = outcome.linkTokens.get(person.personId)
      return { ...toWirePerson(person), sign_in_url: token === undefined ? null : linkOf(token) }
    }),
    added: outcome.added.map(toWirePerson),
    unchanged: outcome.unchanged.map(toWirePerson),
  }
}

export function toWireJoinCode(
  joinCode: JoinCode,
  status: 'active' | 'expired' | 'used_up',
): z.input<typeof JoinCodeSchema> {
  return {
    join_code_id: joinCode.joinCodeId,
    class_id: joinCode.classId,
    code: joinCode.code,
    role: joinCode.role,
    status,
    expires_at: joinCode.expiresAt,
    max_uses: joinCode.maxUses,
    used_count: joinCode.usedCount,
    created_at: joinCode.createdAt,
  }
}

function commonFields(one: Omit<ListedClass, 'role' | 'memberCount'>) {
  return {
    class_id: one.classId,
    slug: one.slug,
    name: one.name,
    description: one.description,
    status: one.status,
    starts_at: one.startsAt,
    ends_at: one.endsAt,
    timezone: one.timezone,
    allowed_models: one.allowedModels,
    primary_model: one.primaryModel,
  }
}

function toWirePerson({ personId, handle, name }: { personId: number; handle: string; name: string }) {
  return { user_id: personId, handle, name }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return name !== ''
  } catch {
    return false
  }
}
