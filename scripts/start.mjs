// npm start: installs and builds what is missing, then becomes the server.
// Like require-node.mjs, this file has to parse on old versions of Node.
import './setup/require-node.mjs'

void import('./setup/prepare.mjs')
  .then(({ prepare }) => prepare())
  .then(() => {
    // The server runs in this process: nothing to start, and signals and the exit code need no forwarding.
    const options = process.argv.slice(2).filter((option) => option !== '--verbose')
    process.argv.splice(2, Infinity, 'serve', ...options)
    return import('../server/bin/etude.js')
  })
