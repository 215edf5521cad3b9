import { routeOf } from "./route";

class Router {
  route = $state.raw(routeOf(window.location.hash));

  constructor() {
    window.addEventListener("hashchange", () => {
      this.route = routeOf(window.location.hash);
    });
  }

  go(hash: string): void {
    window.location.hash = hash;
  }
}

export const router = new Router();
