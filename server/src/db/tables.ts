import type { Id } from './tables/columns.ts'
import type {
  ApiKeysTable,
  ClassesTable,
  ClassJoinCodesTable,
  ClassMembersTable,
  PeopleTable,
  SignInLinksTable,
} from './tables/people.ts'
import type {
  ExperimentsTable,
  ExperimentVariantsTable,
  ExperimentVotesTable,
  IdempotencyKeysTable,
  PracticeChoicesTable,
  PracticeLanesTable,
  PracticeResponsesTable,
  PracticeSessionsTable,
  PracticeSettingRevisionsTable,
  PracticeSkillDecisionsTable,
  PracticeTurnsTable,
  ProjectsTable,
  RunEventsTable,
} from './tables/practice.ts'
import type {
  AgentSharesTable,
  AgentsTable,
  AgentVersionsTable,
  FewShotExamplesTable,
  FewShotSharesTable,
} from './tables/prepared.ts'
import type { GatewayCallsTable, IdBlocksTable, ServersTable } from './tables/servers.ts'
import type {
  SkillCredentialsTable,
  SkillsetPinsTable,
  SkillsetSharesTable,
  SkillsetSkillContentsTable,
  SkillsetSkillsTable,
  SkillsetsTable,
  SkillsetVersionSkillsTable,
  SkillsetVersionsTable,
  SkillsTable,
} from './tables/skillsets.ts'
import type {
  AnnotationProgressTable,
  AnnotationQueueItemsTable,
  AnnotationQueuesTable,
  CallsTable,
  FeedbackLeavesTable,
  FeedbackTable,
  TokenCostsTable,
  TraceRetentionTable,
  WeaveFilesTable,
  WeaveObjectAliasesTable,
  WeaveObjectNamesTable,
  WeaveObjectsTable,
  WeaveObjectTagsTable,
  WeaveProjectsTable,
  WeaveTableMembersTable,
  WeaveTableRowsTable,
  WeaveTablesTable,
} from './tables/weave.ts'

/**
 * The tables as Kysely sees them. Times are ISO 8601 UTC text; JSON goes in as a string and comes out parsed;
 * truth values are 0 and 1. Better Auth's own tables (`auth_*`) are only its business.
 *
 * The primary key of every table that grows with use begins with what its rows belong to, so that the schema can be
 * distributed by that column.
 */
export type Tables = {
  people: PeopleTable
  api_keys: ApiKeysTable
  sign_in_links: SignInLinksTable
  classes: ClassesTable
  class_members: ClassMembersTable
  class_join_codes: ClassJoinCodesTable
  projects: ProjectsTable
  practice_sessions: PracticeSessionsTable
  practice_lanes: PracticeLanesTable
  practice_turns: PracticeTurnsTable
  practice_responses: PracticeResponsesTable
  practice_setting_revisions: PracticeSettingRevisionsTable
  practice_choices: PracticeChoicesTable
  practice_skill_decisions: PracticeSkillDecisionsTable
  idempotency_keys: IdempotencyKeysTable
  experiments: ExperimentsTable
  experiment_variants: ExperimentVariantsTable
  experiment_votes: ExperimentVotesTable
  run_events: RunEventsTable
  gateway_calls: GatewayCallsTable
  few_shot_examples: FewShotExamplesTable
  few_shot_shares: FewShotSharesTable
  agents: AgentsTable
  agent_versions: AgentVersionsTable
  agent_shares: AgentSharesTable
  skills: SkillsTable
  skill_person_credentials: SkillCredentialsTable<{ person_id: Id }>
  skill_class_credentials: SkillCredentialsTable<{ class_id: Id }>
  skillsets: SkillsetsTable
  skillset_skills: SkillsetSkillsTable
  skillset_versions: SkillsetVersionsTable
  skillset_version_skills: SkillsetVersionSkillsTable
  skillset_skill_contents: SkillsetSkillContentsTable
  skillset_pins: SkillsetPinsTable
  skillset_shares: SkillsetSharesTable
  weave_projects: WeaveProjectsTable
  feedback: FeedbackTable
  feedback_leaves: FeedbackLeavesTable
  calls: CallsTable
  token_costs: TokenCostsTable
  trace_retention: TraceRetentionTable
  weave_object_names: WeaveObjectNamesTable
  weave_objects: WeaveObjectsTable
  weave_object_tags: WeaveObjectTagsTable
  weave_object_aliases: WeaveObjectAliasesTable
  weave_table_rows: WeaveTableRowsTable
  weave_tables: WeaveTablesTable
  weave_table_members: WeaveTableMembersTable
  weave_files: WeaveFilesTable
  annotation_queues: AnnotationQueuesTable
  annotation_queue_items: AnnotationQueueItemsTable
  annotation_progress: AnnotationProgressTable
  servers: ServersTable
  id_blocks: IdBlocksTable
}
