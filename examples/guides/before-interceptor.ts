import { readFileSync, writeFileSync } from "node:fs";
import axios, { isAxiosError, type InternalAxiosRequestConfig } from "axios";

const { TOKEN_ENDPOINT = "", CLIENT_ID = "", CLIENT_SECRET = "", API_ORIGIN = "", LOGIN = "login.json" } = process.env;
let login = JSON.parse(readFileSync(LOGIN, "utf8")) as { access_token: string; refresh_token: string };

async function refresh(): Promise<void> {
  const fields = { grant_type: "refresh_token", refresh_token: login.refresh_token, client_id: CLIENT_ID, client_secret: CLIENT_SECRET };
  const { data } = await axios.post<typeof login>(TOKEN_ENDPOINT, new URLSearchParams(fields));
  login = { ...login, ...data };
  writeFileSync(LOGIN, JSON.stringify(login));
}

const api = axios.create({ baseURL: API_ORIGIN });
api.interceptors.request.use((config) => {
  config.headers.set("Authorization", `Bearer ${login.access_token}`);
  return config;
});
api.interceptors.response.use(undefined, async (error: unknown) => {
  const config = isAxiosError(error) ? (error.config as (InternalAxiosRequestConfig & { again?: boolean }) | undefined) : undefined;
  if (config === undefined || config.again || !isAxiosError(error) || error.response?.status !== 401) throw error;
  config.again = true;
  await refresh();
  return api(config);
});

const answers = await Promise.all(process.argv.slice(2).map((path) => api.get(path).catch((error) => error.response)));
console.log(answers.map(({ status }) => status).join(" "));
