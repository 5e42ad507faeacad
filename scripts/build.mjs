// npm run build: installs and builds what is missing. With --force it builds even what is up to date.
import './setup/require-node.mjs'

void import('./setup/prepare.mjs').then(({ prepare }) => prepare({ isForced: process.argv.includes('--force') }))
