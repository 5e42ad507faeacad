import type { SkillSummary, SkillsetSummary } from '@etude/sdk/wire'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { etude } from '../api.ts'
import { useErrorText } from '../error-text.ts'
import { useFormats } from '../i18n/format.ts'
import { Button } from '../ui/button.tsx'
import { Problem, Section } from '../ui/field.tsx'
import { Icon, Spinner } from '../ui/icon.tsx'
import { PageFrame } from './page-frame.tsx'
import { forgetSkillLists, skillsetsQuery, skillsQuery } from './skill-queries.ts'

/** Everything that somebody has made models able to call. */
export function SkillsPage() {
  const { t } = useTranslation()
  const errorText = useErrorText()
  const navigate = useNavigate()
  const skills = useQuery(skillsQuery)
  const skillsets = useQuery(skillsetsQuery)
  const create = useMutation({
    mutationFn: () => etude.skills.createSkillset({ name: t('skillset.unnamed') }),
    onSuccess: async ({ skillset_id }) => {
      await forgetSkillLists()
      await navigate({ to: '/skillsets/$skillsetId', params: { skillsetId: skillset_id } })
    },
  })

  return (
    <PageFrame title={t('skills.title')}>
      <p className="max-w-2xl text-soft">{t('skills.lead')}</p>
      <Section
        title={t('skills.skillsets')}
        action={
          <Button onClick={() => create.mutate()} disabled={create.isPending}>
            <Icon name="plus" className="size-4 text-accent" />
            {t('skills.newSkillset')}
          </Button>
        }
      >
        <Rows query={skillsets} none={t('skills.noSkillsets')}>
          {(skillset) => <SkillsetRow key={skillset.skillset_id} skillset={skillset} />}
        </Rows>
        <Problem text={create.isError ? errorText(create.error) : undefined} />
      </Section>
      <Section
        title={t('skills.skills')}
        action={
          <Button onClick={() => void navigate({ to: '/skills/new' })}>
            <Icon name="plus" className="size-4 text-accent" />
            {t('skills.newSkill')}
          </Button>
        }
      >
        <Rows query={skills} none={t('skills.noSkills')}>
          {(skill) => <SkillRow key={skill.skill_id} skill={skill} />}
        </Rows>
      </Section>
    </PageFrame>
  )
}

type RowsProps<Item> = {
  query: { data: Item[] | undefined; isPending: boolean; isError: boolean; error: unknown }
  none: string
  children: (item: Item) => ReactNode
}

function Rows<Item>({ query, none, children }: RowsProps<Item>) {
  const errorText = useErrorText()
  if (query.isPending) return <Spinner className="mx-auto my-4 size-5 text-faint" />
  if (query.isError || !query.data) return <Problem text={errorText(query.error)} />
  if (query.data.length === 0) return <p className="py-2 text-sm text-faint">{none}</p>
  return <ul className="-mx-2">{query.data.map(children)}</ul>
}

const ROW = 'flex items-center gap-3 rounded-lg px-2 py-2 hover:bg-hover'

function SkillsetRow({ skillset }: { skillset: SkillsetSummary }) {
  const { t } = useTranslation()
  const { day } = useFormats()
  const { skillset_id, name, description, latest_version, updated_at } = skillset
  return (
    <li>
      <Link to="/skillsets/$skillsetId" params={{ skillsetId: skillset_id }} className={ROW}>
        <Icon name="stack" className="size-4.5 text-accent" />
        <span className="min-w-0 flex-1">
          <span className="block truncate text-sm font-medium">{name}</span>
          <span className="block truncate text-xs text-faint">
            {[description, day(updated_at)].filter(Boolean).join(' · ')}
          </span>
        </span>
        <span className="shrink-0 rounded-full bg-accent-soft px-2 py-0.5 text-xs font-medium text-accent">
          {latest_version === null ? t('skillset.draft') : t('skillset.version', { version: latest_version })}
        </span>
      </Link>
    </li>
  )
}

function SkillRow({ skill }: { skill: SkillSummary }) {
  const { t } = useTranslation()
  const { skill_id, name_for_human, source, enabled_count, operation_count } = skill
  return (
    <li>
      <Link to="/skills/$skillId" params={{ skillId: String(skill_id) }} className={ROW}>
        <Icon name="tools" className="size-4.5 text-accent" />
        <span className="min-w-0 flex-1">
          <span className="block truncate text-sm font-medium">{name_for_human}</span>
          <span className="block truncate text-xs text-faint">
            {[source.title, source.version].filter(Boolean).join(' ')}
          </span>
        </span>
        <span className="shrink-0 text-xs text-soft">
          {t('skills.operationsOn', { enabled: enabled_count, total: operation_count })}
        </span>
      </Link>
    </li>
  )
}
