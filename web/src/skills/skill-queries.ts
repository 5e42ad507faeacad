import { queryOptions } from '@tanstack/react-query'
import { etude, queryClient } from '../api.ts'

/** All that one person may have. */
const ALL = { size: 200 }

export const skillsQuery = queryOptions({
  queryKey: ['skills'],
  queryFn: async () => (await etude.skills.list(ALL)).items,
})

export const skillQuery = (skillId: number) =>
  queryOptions({ queryKey: ['skill', skillId], queryFn: () => etude.skills.get(skillId), staleTime: 0 })

export const credentialsQuery = (skillId: number, classId: number | undefined) =>
  queryOptions({
    queryKey: ['skill-credentials', skillId, classId ?? null],
    queryFn: () => etude.skills.listCredentials(skillId, { classId }),
  })

export const skillsetsQuery = queryOptions({
  queryKey: ['skillsets'],
  queryFn: async () => (await etude.skills.listSkillsets(ALL)).items,
})

export const skillsetQuery = (skillsetId: string) =>
  queryOptions({
    queryKey: ['skillset', skillsetId],
    queryFn: () => etude.skills.getSkillset(skillsetId),
    staleTime: 0,
  })

/** The models of every class of the person's. */
export const chatModelsQuery = queryOptions({
  queryKey: ['models', 'all'],
  queryFn: async () => {
    const { items } = await etude.listModels(ALL)
    return items.filter(({ modality }) => modality === 'chat')
  },
  staleTime: 60_000,
})

/** After something was changed: what the lists show of it is old. */
export async function forgetSkillLists(): Promise<void> {
  await Promise.all([queryClient.invalidateQueries(skillsQuery), queryClient.invalidateQueries(skillsetsQuery)])
}
