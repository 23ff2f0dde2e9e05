export default defineNuxtConfig({
  app: { head: { script: [{ src: 'https://apps.mypurecloud.ie/genesys-bootstrap/genesys.min.js', async: true }] } },
  runtimeConfig: { public: { genesys: { deploymentId: '00000325-7b1e-4c52-9d3f-000000000325', environment: 'prod-euw1' } } }
})
