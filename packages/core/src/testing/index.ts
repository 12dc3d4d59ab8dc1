export { storeContract, storeScenarios, type TestFunctions } from "./store-contract.ts";
export type { OpenedStore, StoreScenario, StoreScenarioGroup, StoreUnderTest } from "./store-under-test.ts";
