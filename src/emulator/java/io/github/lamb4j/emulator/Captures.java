package io.github.lamb4j.emulator;

import io.github.lamb4j.emulator.EmulatedDriver.Call;
import io.github.lamb4j.error.CudaException;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The streams being captured and the work recorded on them. The rules are those of a thread-local
 * capture of a blocking stream, the strictest that a driver applies to a single thread.
 */
final class Captures {

  private static final class Capture {
    final List<Runnable> work = new ArrayList<>();
    boolean valid = true;
  }

  /** All other streams synchronize with the legacy stream, so it cannot be captured. */
  private static final CudaStream LEGACY = CudaStream.LEGACY;

  private final Map<CudaStream, Capture> captures = new HashMap<>();

  void begin(CudaStream stream, String doing) {
    if (isLegacy(stream)) {
      throw DriverErrors.failed(Call.BEGIN_CAPTURE, DriverErrors.STREAM_CAPTURE_UNSUPPORTED, doing);
    }
    if (captures.putIfAbsent(stream, new Capture()) != null) {
      throw new EmulatorException("capture begun on a stream that is already being captured");
    }
  }

  /** Ends a capture and returns the recorded work. The capture has ended even if this fails. */
  List<Runnable> end(CudaStream stream, String doing) {
    Capture capture = captures.remove(stream);
    if (capture == null) {
      throw new EmulatorException("capture ended on a stream that is not being captured");
    }
    if (!capture.valid) {
      throw DriverErrors.failed(Call.END_CAPTURE, DriverErrors.STREAM_CAPTURE_INVALIDATED, doing);
    }
    return capture.work;
  }

  /** Ends a capture and discards the recorded work. */
  void abandon(CudaStream stream) {
    captures.remove(stream);
  }

  /** Whether work on the stream is being recorded. */
  boolean isActive(CudaStream stream, String doing) {
    if (isLegacy(stream) && !captures.isEmpty()) {
      throw DriverErrors.failed(Call.IS_CAPTURING, DriverErrors.STREAM_CAPTURE_IMPLICIT, doing);
    }
    Capture capture = captures.get(stream);
    return capture != null && capture.valid;
  }

  /** Records the work and returns true if its stream is being captured. */
  boolean record(Call call, CudaStream stream, Runnable work, String doing) {
    Capture capture = sound(call, stream, doing);
    return capture != null && capture.work.add(work);
  }

  /** Refuses events and graph launches, which a real capture treats as dependencies or nodes. */
  void refuseNotModeled(Call call, CudaStream stream, String doing) {
    if (sound(call, stream, doing) != null) {
      throw new EmulatorException(doing + " on a stream that is being captured: not modeled");
    }
  }

  /** Refuses to wait for a stream that is being captured. */
  void refuseToWait(CudaStream stream, String doing) {
    if (sound(Call.SYNCHRONIZE, stream, doing) != null) {
      throw invalidating(Call.SYNCHRONIZE, DriverErrors.STREAM_CAPTURE_UNSUPPORTED, doing);
    }
  }

  /** Refuses a call that takes effect at once, and so would not be repeated by a replay. */
  void refuseToActNow(Call call, String doing) {
    if (!captures.isEmpty()) {
      throw invalidating(call, DriverErrors.STREAM_CAPTURE_UNSUPPORTED, doing);
    }
  }

  /** The stream's capture, or null. Refuses an invalidated one. */
  private Capture sound(Call call, CudaStream stream, String doing) {
    if (isLegacy(stream) && !captures.isEmpty()) {
      throw invalidating(call, DriverErrors.STREAM_CAPTURE_IMPLICIT, doing);
    }
    Capture capture = captures.get(stream);
    if (capture != null && !capture.valid) {
      throw DriverErrors.failed(call, DriverErrors.STREAM_CAPTURE_INVALIDATED, doing);
    }
    return capture;
  }

  private CudaException invalidating(Call call, int code, String doing) {
    captures.values().forEach(capture -> capture.valid = false);
    return DriverErrors.failed(call, code, doing);
  }

  private static boolean isLegacy(CudaStream stream) {
    return stream == null || stream.equals(LEGACY);
  }
}
