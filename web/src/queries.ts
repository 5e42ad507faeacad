import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { etude } from './api.ts'

const SESSIONS_PER_PAGE = 40
/** The server gives at most this many models at once. */
const MODELS_PER_PAGE = 200

export const meQuery = queryOptions({ queryKey: ['me'], queryFn: () => etude.getMe(), staleTime: 60_000 })

export const modelsQuery = (classId: number) =>
  queryOptions({
    queryKey: ['models', classId],
    queryFn: async () => {
      const { items } = await etude.listModels({ classId, size: MODELS_PER_PAGE })
      return items.filter(({ modality }) => modality === 'chat')
    },
    staleTime: 60_000,
  })

export const sessionsQuery = (search: string) =>
  infiniteQueryOptions({
    queryKey: ['sessions', search],
    queryFn: ({ pageParam }) => etude.listSessions({ page: pageParam, size: SESSIONS_PER_PAGE, search }),
    initialPageParam: 1,
    getNextPageParam: ({ page, size, total }) => (page * size < total ? page + 1 : undefined),
  })

export const sessionQuery = (sessionId: number) =>
  queryOptions({ queryKey: ['session', sessionId], queryFn: () => etude.getSession(sessionId) })

/** What would be sent with this draft; it changes with every turn. */
export const windowQuery = (sessionId: number, turnCount: number, draft: string) =>
  queryOptions({
    queryKey: ['window', sessionId, turnCount, draft],
    queryFn: () => etude.previewWindow(sessionId, draft),
  })

export const apiKeysQuery = queryOptions({
  queryKey: ['api-keys'],
  queryFn: async () => (await etude.listApiKeys()).items,
})
