import type { SkillContent } from './skill.ts'

/** Where calls of a skill go: scheme, host and port of each of its servers, every one once. */
export function originsOf({ source, operations }: Pick<SkillContent, 'source' | 'operations'>): string[] {
  const servers = operations.map(({ call }) => (call.kind === 'http' ? call.server : undefined))
  if (source.kind === 'mcp') servers.push(source.url)
  return [
    ...new Set(servers.filter((server) => server !== undefined).map((server) => new URL(server).origin)),
  ].toSorted()
}
