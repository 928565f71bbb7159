import { defineConfig } from "vite";

// Files have fixed names: they are committed, and a diff says what changed. The page is served at "/", its files at "/page/".
export default defineConfig({
  base: "./",
  publicDir: false,
  build: {
    outDir: "../src/overflight/serve/page",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    target: "es2022",
    chunkSizeWarningLimit: 2000,
    rollupOptions: {
      output: {
        inlineDynamicImports: true,
        entryFileNames: "app.js",
        assetFileNames: (asset) => (asset.names.some((name) => name.endsWith(".mjs")) ? "worker.js" : "app[extname]"),
      },
    },
  },
  plugins: [
    {
      name: "page-paths",
      enforce: "post",
      transformIndexHtml: (html) => html.replaceAll('"./', '"page/').replaceAll(" crossorigin", ""),
    },
  ],
});
