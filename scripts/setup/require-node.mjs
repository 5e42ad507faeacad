// Must parse on old versions of Node, so that they get to say this sentence: no syntax younger than ES modules here.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Etude needs Node 20.19 or newer; this is ${process.version}. ` +
      'Get it from https://nodejs.org, or with a version manager such as nvm, fnm or Volta, and try again.',
  )
  process.exit(1)
}
