import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig, type Plugin } from 'vite'

const SERVER = process.env.ETUDE_URL ?? 'http://127.0.0.1:4747'

export default defineConfig({
  plugins: [woff2Only(), react(), tailwindcss()],
  resolve: { conditions: ['etude-source', ...defaultClientConditions] },
  server: { proxy: { '^/(user|models|auth|docs|openapi\\.json)': SERVER } },
  build: {
    // The content security policy allows no data: fonts and no inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 850,
  },
})

/** Every browser that runs the page reads woff2; KaTeX's other fonts would only make the build larger. */
function woff2Only(): Plugin {
  return {
    name: 'woff2-only',
    enforce: 'pre',
    transform: {
      filter: { id: /katex.*\.css/ },
      handler: (css) => css.replaceAll(/,\s*url\([^)]+\)\s*format\(["'](?:woff|truetype)["']\)/g, ''),
    },
  }
}
