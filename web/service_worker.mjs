/**
 * A service worker with which `<img src="cat.vqc">` and backgrounds of CSS show: it answers them with PNG.
 *
 * `plain_images.mjs` starts it. What is decoded is kept in a cache, by the SHA-256 of the file.
 */

import { shippedCodebooks } from "./codebooks.mjs";
import { mediumOf } from "./format/container.mjs";
import { decode } from "./pictures.mjs";
import { pngOf } from "./png.mjs";

const CACHE = "vqcodec-pictures";
const MOST_KEPT = 500; // pictures
const MOST_PIXELS = 2 ** 26; // of a picture: a small file may hold a large one
const options = { codebook: shippedCodebooks(), mostPixels: MOST_PIXELS };

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { method, destination, url } = event.request;
  const isPicture = method === "GET" && destination === "image" && new URL(url).pathname.endsWith(".vqc");
  if (isPicture) event.respondWith(answer(url));
});

/** The picture at an address as PNG; what is no picture of vqcodec, as it is. */
async function answer(url) {
  const response = await fetch(url); // with CORS from other hosts: bytes that may not be seen cannot be decoded
  if (!response.ok) return response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (mediumOf(bytes) !== "image") return new Response(bytes, { headers: response.headers });
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const key = new URL(`decoded/${Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")}`, self.location);
  const cache = await caches.open(CACHE);
  const kept = await cache.match(key);
  if (kept !== undefined) return kept;
  try {
    const answered = new Response(await pngOf(await decode(bytes, options)), { headers: { "Content-Type": "image/png" } });
    await keep(cache, key, answered.clone());
    return answered;
  } catch (error) {
    return new Response(`${error.name}: ${error.message}`, { status: 422, headers: { "Content-Type": "text/plain" } });
  }
}

/** Keep an answer, and let the oldest ones go. A disk that is full only makes the next time slower. */
async function keep(cache, key, answered) {
  try {
    await cache.put(key, answered);
    const keys = await cache.keys();
    await Promise.all(keys.slice(0, Math.max(0, keys.length - MOST_KEPT)).map((old) => cache.delete(old)));
  } catch (error) {
    console.warn(`vqcodec: a decoded picture is not kept: ${error.message}`);
  }
}
