/** What can be said of an answer with one press, by their names on the wire; the catalogs say them to people. */
export const REASONS = {
  up: ['correct', 'clear', 'complete', 'helpful', 'well_written'],
  down: ['wrong', 'incomplete', 'unclear', 'too_long', 'off_topic', 'ignored_instructions', 'unsafe'],
} as const
