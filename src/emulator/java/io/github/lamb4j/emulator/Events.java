package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.EmulatedDriver.Call;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Events by handle, with the times at which they were recorded. */
final class Events {

  private static final long NEVER = -1;

  private final Map<Long, Long> nanoseconds = new HashMap<>();

  /** The handles of the existing events. */
  Set<Long> created() {
    return nanoseconds.keySet();
  }

  void create(long event) {
    nanoseconds.put(event, NEVER);
  }

  void record(long event, long now, String doing) {
    if (nanoseconds.replace(event, now) == null) throw invalid(Call.RECORD_EVENT, doing);
  }

  void expectCreated(long event, String doing) {
    if (!nanoseconds.containsKey(event)) throw invalid(Call.WAIT_EVENT, doing);
  }

  boolean exists(long event) {
    return nanoseconds.containsKey(event);
  }

  float elapsedMillis(long start, long end, String doing) {
    long from = nanoseconds.getOrDefault(start, NEVER);
    long to = nanoseconds.getOrDefault(end, NEVER);
    if (from == NEVER || to == NEVER) throw invalid(Call.ELAPSED, doing);
    return (to - from) / 1e6f;
  }

  void destroy(long event, String doing) {
    if (nanoseconds.remove(event) == null) throw invalid(Call.DESTROY_EVENT, doing);
  }

  private static RuntimeException invalid(Call call, String doing) {
    return DriverErrors.failed(call, DriverErrors.INVALID_HANDLE, doing);
  }
}
