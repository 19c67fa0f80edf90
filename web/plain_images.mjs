/** Makes plain `<img src="cat.vqc">` show, by a service worker. */

/**
 * Start the service worker, and load again what the page asked for before it was there.
 * @param {string | URL} [address] of the worker; it serves pages beside and below it
 * @returns {Promise<void>} once it serves this page
 * @throws {Error} the browser has no service workers, or refuses this one: pages need HTTPS, or localhost
 */
export async function showPlainImages(address = new URL("./service_worker.mjs", import.meta.url)) {
  const { serviceWorker } = navigator;
  if (serviceWorker === undefined) throw new Error("service workers need HTTPS (or localhost), and a browser that has them");
  const served = new Promise((resolve) => {
    if (serviceWorker.controller !== null) resolve();
    else serviceWorker.addEventListener("controllerchange", resolve, { once: true });
  });
  await serviceWorker.register(address, { type: "module" });
  await served;
  for (const image of document.images) {
    const failed = image.complete && image.naturalWidth === 0;
    if (failed && new URL(image.src, document.baseURI).pathname.endsWith(".vqc")) image.src = image.getAttribute("src");
  }
}
