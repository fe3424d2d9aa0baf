export { createPatronkit, type Domains, type Kit } from './kit.ts'
