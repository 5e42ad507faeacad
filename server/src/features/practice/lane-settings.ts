import type { FewShot } from '../../runs/turn.ts'
import type { Lane } from './session.ts'
import type { SettingsRevision } from './settings.ts'

/** The settings that a turn is asked with: the session's, and those of lanes that keep to a revision of their own. */
export type TurnSettings = {
  settings: SettingsRevision
  /** By the numbers of their revisions. */
  ownSettings: ReadonlyMap<number, SettingsRevision>
  /** The examples of all lanes that are asked. */
  fewShots: FewShot[]
}

/** What one lane is asked with. */
export function settingsOf({ settings, ownSettings }: TurnSettings, lane: Lane): SettingsRevision {
  return (lane.ownRevision !== undefined && ownSettings.get(lane.ownRevision)) || settings
}

/** The examples that one lane sees: all of the turn's, or where lanes differ in settings, those of its own. */
export function fewShotsOf(turn: TurnSettings, lane: Lane): FewShot[] {
  if (turn.ownSettings.size === 0) return turn.fewShots
  return settingsOf(turn, lane).fewShotLinks.flatMap(
    ({ exampleId }) => turn.fewShots.find((example) => example.example_id === exampleId) ?? [],
  )
}
