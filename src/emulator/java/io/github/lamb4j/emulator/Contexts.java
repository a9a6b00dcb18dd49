package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.EmulatedDriver.Call;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The contexts of an emulated device, and the current context of each thread. The contexts share
 * their memory, modules and streams.
 */
final class Contexts {

  /** The last number of a context of any device of this process. */
  private static final AtomicLong LAST_ID = new AtomicLong();

  /** The primary context. */
  final long context;

  private long primaryId = LAST_ID.incrementAndGet();

  /** The numbers of the other contexts. */
  private final Map<Long, Long> created = new HashMap<>();

  private final ThreadLocal<Long> current = ThreadLocal.withInitial(() -> 0L);
  private int retained;
  private boolean everRetained;

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
    if (current() != context && !created.containsKey(current())) {
      throw DriverErrors.failed(call, DriverErrors.INVALID_CONTEXT, doing);
    }
  }

  /** Adds a context other than the primary one, and makes it current. */
  void create(long handle) {
    created.put(handle, LAST_ID.incrementAndGet());
    makeCurrent(handle);
  }

  void destroy(long handle, String doing) {
    if (created.remove(handle) == null) {
      throw DriverErrors.failed(Call.DESTROY_CONTEXT, DriverErrors.INVALID_CONTEXT, doing);
    }
    if (current() == handle) makeCurrent(0);
  }

  boolean exists(long handle) {
    return handle == context || created.containsKey(handle);
  }

  /** The number of a context that exists. Handles may be reused, numbers are not. */
  long id(long handle) {
    return handle == context ? primaryId : created.get(handle);
  }

  void retainPrimary(int ordinal, String doing) {
    if (ordinal != 0) {
      throw DriverErrors.failed(Call.RETAIN_CONTEXT, DriverErrors.INVALID_DEVICE, doing);
    }
    retained++;
    everRetained = true;
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
    if (retained == 0) primaryId = LAST_ID.incrementAndGet(); // the next one is another context
  }

  boolean isPrimaryCurrent(int ordinal) {
    return ordinal == 0 && everRetained && current() == context;
  }

  /** The number of times the primary context was retained but not released. */
  int retained() {
    return retained;
  }
}
