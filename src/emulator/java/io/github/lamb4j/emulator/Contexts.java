package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.EmulatedDriver.Call;
import java.util.HashSet;
import java.util.Set;

/**
 * The contexts of an emulated device, and the current context of each thread. The contexts share
 * their memory, modules and streams.
 */
final class Contexts {

  /** The primary context. */
  final long context;

  private final Set<Long> created = new HashSet<>();
  private final ThreadLocal<Long> current = ThreadLocal.withInitial(() -> 0L);
  private int retained;

  Contexts(long context) {
    this.context = context;
  }

  long current() {
    return current.get();
  }

  void makeCurrent(long handle) {
    current.set(handle);
  }

  void expectCurrent(Call call, String doing) {
    if (current() != context && !created.contains(current())) {
      throw DriverErrors.failed(call, DriverErrors.INVALID_CONTEXT, doing);
    }
  }

  /** Adds a context other than the primary one, and makes it current. */
  void create(long handle) {
    created.add(handle);
    makeCurrent(handle);
  }

  void destroy(long handle, String doing) {
    if (!created.remove(handle)) {
      throw DriverErrors.failed(Call.DESTROY_CONTEXT, DriverErrors.INVALID_CONTEXT, doing);
    }
    if (current() == handle) makeCurrent(0);
  }

  boolean exists(long handle) {
    return handle == context || created.contains(handle);
  }

  void retainPrimary(int ordinal, String doing) {
    if (ordinal != 0) {
      throw DriverErrors.failed(Call.RETAIN_CONTEXT, DriverErrors.INVALID_DEVICE, doing);
    }
    retained++;
    makeCurrent(context);
  }

  void makePrimaryCurrent(int ordinal, String doing) {
    if (ordinal != 0 || retained == 0) {
      throw DriverErrors.failed(Call.RETAIN_CONTEXT, DriverErrors.INVALID_CONTEXT, doing);
    }
    makeCurrent(context);
  }

  void releasePrimary(int ordinal, String doing) {
    if (ordinal != 0) {
      throw DriverErrors.failed(Call.RELEASE_CONTEXT, DriverErrors.INVALID_DEVICE, doing);
    }
    if (--retained < 0)
      throw new EmulatorException("primary context released more often than retained");
    makeCurrent(0);
  }

  /** The number of times the primary context was retained but not released. */
  int retained() {
    return retained;
  }
}
