// Preloaded (`node --import`) into every child: answers what the process has used so far, and ends it when its parent
// is gone, however the parent ended.
process.on('message', (message) => {
  if (message?.ask !== 'usage') return
  const { user, system } = process.cpuUsage()
  const { maxRSS } = process.resourceUsage()
  process.send({
    usage: { cpuMicros: user + system, rssBytes: process.memoryUsage.rss(), peakRssBytes: maxRSS * 1024 },
  })
})
process.on('disconnect', () => process.exit(0))
