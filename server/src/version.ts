/** The version of Etude. */
export const VERSION = '0.1.0'
