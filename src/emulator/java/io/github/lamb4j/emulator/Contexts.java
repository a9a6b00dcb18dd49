package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.EmulatedDriver.Call;

/** The one context of an emulated device, and which context each thread has. */
final class Contexts {

  final long context;
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
    if (current() != context) {
      throw DriverErrors.failed(call, DriverErrors.INVALID_CONTEXT, doing);
    }
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
    if (--retained < 0) throw new EmulatorException("a context released more often than retained");
    makeCurrent(0);
  }

  /** How often it was retained and not released. */
  int retained() {
    return retained;
  }
}
