import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  Link,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { isSignedOut, queryClient } from './api.ts'
import { AppShell } from './app-shell.tsx'
import { useErrorText } from './error-text.ts'
import { meQuery } from './queries.ts'
import { NewSessionPage } from './session/new-session-page.tsx'
import { SessionPage } from './session/session-page.tsx'
import { Button } from './ui/button.tsx'
import { Spinner } from './ui/icon.tsx'

const root = createRootRoute({ notFoundComponent: NothingHere })

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search): { next?: string } => (typeof search.next === 'string' ? { next: search.next } : {}),
  component: lazyRouteComponent(() => import('./sign-in/sign-in-page.tsx'), 'SignInPage'),
})

/** Everything behind the sign-in. */
const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  beforeLoad: async ({ location }) => {
    try {
      await queryClient.ensureQueryData(meQuery)
    } catch (error) {
      if (!isSignedOut(error)) throw error
      throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href } })
    }
  },
  component: AppShell,
})

const newSession = createRoute({ getParentRoute: () => app, path: '/', component: NewSessionPage })

const session = createRoute({
  getParentRoute: () => app,
  path: '/sessions/$sessionId',
  component: function SessionRoute() {
    const { sessionId } = session.useParams()
    return <SessionPage key={sessionId} sessionId={Number(sessionId)} />
  },
})

const skills = createRoute({
  getParentRoute: () => app,
  path: '/skills',
  component: lazyRouteComponent(() => import('./skills/skills-page.tsx'), 'SkillsPage'),
})

const newSkill = createRoute({
  getParentRoute: () => app,
  path: '/skills/new',
  component: lazyRouteComponent(() => import('./skills/new-skill-page.tsx'), 'NewSkillPage'),
})

const SkillPage = lazyRouteComponent(() => import('./skills/skill-page.tsx'), 'SkillPage')
const skill = createRoute({
  getParentRoute: () => app,
  path: '/skills/$skillId',
  component: function SkillRoute() {
    const { skillId } = skill.useParams()
    return <SkillPage key={skillId} skillId={Number(skillId)} />
  },
})

const SkillsetPage = lazyRouteComponent(() => import('./skills/skillset-page.tsx'), 'SkillsetPage')
const skillset = createRoute({
  getParentRoute: () => app,
  path: '/skillsets/$skillsetId',
  component: function SkillsetRoute() {
    const { skillsetId } = skillset.useParams()
    return <SkillsetPage key={skillsetId} skillsetId={skillsetId} />
  },
})

export const router = createRouter({
  routeTree: root.addChildren([signIn, app.addChildren([newSession, session, skills, newSkill, skill, skillset])]),
  defaultPendingComponent: Waiting,
  defaultPendingMs: 300,
  defaultErrorComponent: Failed,
  defaultNotFoundComponent: NothingHere,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

function Waiting() {
  const { t } = useTranslation()
  return (
    <div className="grid h-full place-items-center text-faint">
      <Spinner className="size-6" />
      <span className="sr-only">{t('app.loading')}</span>
    </div>
  )
}

function Failed({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation()
  const errorText = useErrorText()
  return (
    <main className="grid h-full place-items-center p-6">
      <div className="max-w-md text-center" role="alert">
        <h1 className="text-lg font-semibold">{t('app.failed')}</h1>
        <p className="mt-1 text-soft">{errorText(error)}</p>
        <Button
          className="mt-5"
          onClick={() => {
            reset()
            void router.invalidate()
          }}
        >
          {t('app.retry')}
        </Button>
      </div>
    </main>
  )
}

function NothingHere() {
  const { t } = useTranslation()
  return (
    <main className="grid h-full place-items-center p-6">
      <div className="text-center">
        <h1 className="text-lg font-semibold">{t('app.notFound')}</h1>
        <Link to="/" className="mt-3 inline-block font-medium text-accent hover:underline">
          {t('app.goHome')}
        </Link>
      </div>
    </main>
  )
}
