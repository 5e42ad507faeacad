/** Column types that the two engines spell differently; migrations take them from here. */
export type ColumnTypes = {
  json: 'text' | 'jsonb'
}
