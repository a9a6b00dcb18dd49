package io.github.lamb4j.internal.cuda;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/** Proxies of the driver. */
final class Proxies {

  /** Handles a call. */
  interface Invocation {
    Object invoke(Method method, Object[] arguments) throws ReflectiveOperationException;
  }

  private Proxies() {}

  static <T> T of(Class<T> type, Invocation invocation) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> {
              try {
                return invocation.invoke(method, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }
}
