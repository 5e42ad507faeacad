import { z } from 'zod'
import { anyText, text } from '../../http/fields.ts'
import type { Membership } from '../classes/class.ts'
import type { ApiKey } from './api-keys.ts'
import { PASSWORD_CHARACTERS } from './better-auth.ts'
import type { Person } from './person.ts'

const time = z.iso.datetime().describe('ISO 8601, UTC.')

export const PersonSchema = z
  .strictObject({ user_id: z.int(), handle: z.string(), name: z.string(), is_admin: z.boolean() })
  .meta({ id: 'Person' })

export const MeSchema = z
  .strictObject({
    person: PersonSchema,
    classes: z.array(
      z.strictObject({
        class_id: z.int(),
        slug: z.string(),
        name: z.string(),
        status: z.enum(['planned', 'active', 'ended']),
        role: z.enum(['teacher', 'assistant', 'student']),
      }),
    ),
  })
  .meta({ id: 'Me' })

export const ApiKeySchema = z
  .strictObject({
    api_key_id: z.int(),
    name: z.string(),
    hint: z.string().describe('How the key begins.'),
    created_at: time,
    expires_at: time.nullable(),
    revoked_at: time.nullable(),
  })
  .meta({ id: 'ApiKey' })

export const NewApiKeySchema = z
  .strictObject({ ...ApiKeySchema.shape, key: z.string().describe('The key itself. It is shown only now.') })
  .meta({ id: 'NewApiKey' })

export const ApiKeyListSchema = z.strictObject({ items: z.array(ApiKeySchema) }).meta({ id: 'ApiKeyList' })

export const ApiKeyBody = z.strictObject({
  name: text(100)
    .transform((name) => name.trim())
    .describe('What it is for.'),
  expires_at: z.iso.datetime({ offset: true }).nullish().describe('When it stops working; never unless told.'),
})

export const ApiKeyPath = z.strictObject({ api_key_id: z.coerce.number().pipe(z.int().min(1)) })

export const PasswordBody = z.strictObject({
  username: anyText(64).describe("The person's handle."),
  password: z.string().min(1).max(PASSWORD_CHARACTERS.max),
})

export const LinkBody = z.strictObject({
  token: anyText(200).describe('What follows `#token=` in the link.'),
})

export const SignedInSchema = z.strictObject({ person: PersonSchema }).meta({ id: 'SignedIn' })

export function toWirePerson(person: Person): z.input<typeof PersonSchema> {
  return { user_id: person.personId, handle: person.handle, name: person.name, is_admin: person.isAdmin }
}

export function toWireClass({ classId, slug, name, status, role }: Membership) {
  return { class_id: classId, slug, name, status, role }
}

export function toWireApiKey(key: ApiKey): z.input<typeof ApiKeySchema> {
  return {
    api_key_id: key.apiKeyId,
    name: key.name,
    hint: key.hint,
    created_at: key.createdAt,
    expires_at: key.expiresAt,
    revoked_at: key.revokedAt,
  }
}
