import { Etude } from '@etude/sdk'
import { EtudeError } from '@etude/sdk/etude-error'
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'

/** The server that this page came from, as the signed-in person. */
export const etude = new Etude()

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: leaveWhenSignedOut }),
  mutationCache: new MutationCache({ onError: leaveWhenSignedOut }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) =>
        failures < 2 && !(error instanceof EtudeError && error.status >= 400 && error.status < 500),
    },
  },
})

/** Forgets everything on the way out, so that the next person sees nothing of it. */
export function goToSignIn(): void {
  const here = location.pathname + location.search
  const next = here === '/' ? '' : `?next=${encodeURIComponent(here)}`
  location.assign(`/sign-in${next}`)
}

function leaveWhenSignedOut(error: Error): void {
  if (isSignedOut(error) && location.pathname !== '/sign-in') goToSignIn()
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof EtudeError && error.status === 401
}
