import type { CredentialHolder } from './skillset.ts'

/** Encrypts secrets; a secret opens only in the context in which it was sealed. */
export type Box = {
  seal(text: string, context: string): string
  open(sealed: string, context: string): string
}

/** Ties a sealed secret to its row, so that one that was moved to another does not open. */
export function sealingContext(
  holder: CredentialHolder,
  { skillId, scheme }: { skillId: number; scheme: string },
): string {
  const whose = 'personId' in holder ? `person ${holder.personId}` : `class ${holder.classId}`
  return `${whose}, skill ${skillId}, scheme ${scheme}`
}
