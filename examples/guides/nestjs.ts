import { HttpModule, HttpService } from "@nestjs/axios";
import { Catch, Controller, createParamDecorator, Get, Inject, Injectable, Logger, Module, UseGuards } from "@nestjs/common";
import { HttpException, UnauthorizedException, type ArgumentsHost, type CanActivate, type ExecutionContext } from "@nestjs/common";
import type { OnApplicationShutdown, OnModuleInit } from "@nestjs/common";
import { APP_FILTER, BaseExceptionFilter, NestFactory } from "@nestjs/core";
import type { NestExpressApplication } from "@nestjs/platform-express";
import { attachBearer } from "@tokenflight/axios";
import { consoleObserver, createTokenPool, LoginRequiredError, TokenflightError, type TokenPool } from "@tokenflight/core";
import { clientSecretBasic, createOAuthClient } from "@tokenflight/oauth";
import { sqliteStore } from "@tokenflight/sqlite";
import type { AxiosRequestConfig, InternalAxiosRequestConfig } from "axios";
import { firstValueFrom } from "rxjs";

/** A request in the name of a user. */
interface OfUser {
  user?: string;
}

const {
  ISSUER = "",
  CLIENT_ID = "",
  CLIENT_SECRET = "",
  API_ORIGIN = "",
  TOKENS = "tokens.db",
  PORT = "3000",
  SESSIONS = "{}",
} = process.env;

const STORE = Symbol("STORE");
const USERS = Symbol("USERS");

/** The token caches of all users. */
@Module({
  providers: [
    { provide: STORE, useFactory: () => sqliteStore({ path: TOKENS }) },
    {
      provide: USERS,
      inject: [STORE],
      useFactory: (store: ReturnType<typeof sqliteStore>) => {
        const client = createOAuthClient({ issuer: ISSUER, clientId: CLIENT_ID, clientAuth: clientSecretBasic(CLIENT_SECRET) });
        const logger = new Logger("Tokenflight");
        const observe = consoleObserver((line) => logger.log(line));
        return createTokenPool({ source: () => client.refreshToken(), store, observe });
      },
    },
  ],
  exports: [USERS],
})
export class TokensModule implements OnApplicationShutdown {
  constructor(
    @Inject(USERS) private readonly users: TokenPool,
    @Inject(STORE) private readonly store: ReturnType<typeof sqliteStore>,
  ) {}

  /** By now requests are answered. Token requests under way end, and what they brought is stored. */
  async onApplicationShutdown() {
    await this.users.close();
    await this.store.close();
  }
}

@Injectable()
export class OrdersService {
  constructor(private readonly http: HttpService) {}

  async all(user: string): Promise<unknown> {
    const config: AxiosRequestConfig & OfUser = { user };
    const { data } = await firstValueFrom(this.http.get<unknown>("/orders", config));
    return data;
  }
}

/** Stands for your guard, such as Passport's: the session says who sends a request. The URL and the body never do. */
@Injectable()
export class UserGuard implements CanActivate {
  readonly #sessions = new Map(Object.entries(JSON.parse(SESSIONS) as Record<string, string>));

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<OfUser & { headers: { cookie?: string } }>();
    const [, session = ""] = /(?:^|; *)session=([\w-]+)/.exec(request.headers.cookie ?? "") ?? [];
    const user = this.#sessions.get(session);
    if (user === undefined) throw new UnauthorizedException();
    request.user = user;
    return true;
  }
}

/** Who has sent the request: what the guard has put there. */
const User = createParamDecorator((_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<OfUser>().user);

@Controller("orders")
@UseGuards(UserGuard)
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Get()
  all(@User() user: string) {
    return this.orders.all(user);
  }
}

/** What a request ends with when there is no token for it. */
@Catch(TokenflightError)
export class NoTokenFilter extends BaseExceptionFilter {
  override catch(error: TokenflightError, host: ArgumentsHost) {
    super.catch(new HttpException(error.code, error instanceof LoginRequiredError ? 401 : 503), host);
  }
}

@Module({
  imports: [TokensModule, HttpModule.register({ baseURL: API_ORIGIN, timeout: 10_000 })],
  controllers: [OrdersController],
  providers: [OrdersService, { provide: APP_FILTER, useClass: NoTokenFilter }],
})
export class OrdersModule implements OnModuleInit {
  constructor(
    private readonly http: HttpService,
    @Inject(USERS) private readonly users: TokenPool,
  ) {}

  onModuleInit() {
    const tokensOf = ({ user }: InternalAxiosRequestConfig & OfUser) => (user === undefined ? undefined : this.users.for(user));
    attachBearer(this.http.axiosRef, tokensOf);
  }
}

const app = await NestFactory.create<NestExpressApplication>(OrdersModule);
app.enableShutdownHooks();
await app.listen(PORT, "127.0.0.1");
Logger.log(`Listening on ${await app.getUrl()}`);
