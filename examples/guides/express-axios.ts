import { attachBearer } from "@tokenflight/axios";
import { LoginRequiredError, type TokenPool } from "@tokenflight/core";
import axios, { type AxiosInstance } from "axios";

declare module "axios" {
  interface AxiosRequestConfig {
    user?: string;
  }
}

export function apiFor(users: TokenPool, origin: string): AxiosInstance {
  const api = axios.create({ baseURL: origin });
  attachBearer(api, ({ user }) => (user === undefined ? undefined : users.for(user)));
  api.interceptors.response.use(undefined, (error) => {
    throw axios.isAxiosError(error) && error.response?.status === 401 ? new LoginRequiredError("The login is over.") : error;
  });
  return api;
}
