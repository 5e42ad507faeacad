import type { Verdict } from '@etude/sdk/wire'
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { etude } from '../api.ts'
import { meQuery } from '../queries.ts'

type OwnVerdict = Pick<Verdict, 'thumb' | 'reasons' | 'note'>

const NOTHING_SAID: OwnVerdict = { thumb: null, reasons: [], note: null }

const verdictsQuery = (sessionId: number) =>
  queryOptions({ queryKey: ['verdicts', sessionId], queryFn: () => etude.listVerdicts(sessionId), staleTime: 60_000 })

/** One's own verdict on an answer: what it is, and how to change it; it is shown as changed before the server says so. */
export function useVerdict(sessionId: number, responseId: number) {
  const queries = useQueryClient()
  const { queryKey } = verdictsQuery(sessionId)
  const handle = useQuery(meQuery).data?.person.handle
  const isOwn = (verdict: Verdict) => verdict.response_id === responseId && verdict.handle === handle
  const { data: verdict = NOTHING_SAID } = useQuery({
    ...verdictsQuery(sessionId),
    select: (verdicts): OwnVerdict => {
      const { thumb, reasons, note } = verdicts.find(isOwn) ?? NOTHING_SAID
      return { thumb, reasons, note }
    },
  })
  const { mutate, error } = useMutation({
    mutationFn: (next: OwnVerdict) => etude.judgeResponse(responseId, next),
    // One after another: the last press counts.
    scope: { id: `verdict ${responseId}` },
    onMutate: async (next) => {
      await queries.cancelQueries({ queryKey })
      queries.setQueryData(queryKey, (verdicts: Verdict[] = []) => [
        ...verdicts.filter((one) => !isOwn(one)),
        { ...next, response_id: responseId, call_ref: '', handle: handle ?? '' },
      ])
    },
    onError: () => queries.invalidateQueries({ queryKey }),
  })
  return { verdict, give: mutate, error }
}
