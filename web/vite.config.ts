import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// The address of a running weir, for `npm run dev`.
const server = process.env.WEIR_URL ?? "http://127.0.0.1:8787";

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: "es2022",
    // Inlined files would become data: URLs, which the page's policy refuses
    // for everything but images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": server, "/login": server, "/logout": server },
  },
});
