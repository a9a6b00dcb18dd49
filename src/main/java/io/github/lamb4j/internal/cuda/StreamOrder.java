package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;

/**
 * Keeps the work of one optimizer in order when steps run on several streams. The streams wait for
 * each other on the device, never on the host.
 *
 * <p>A visited stream is never compared with the previous one: the driver gives the handle of a
 * destroyed stream to a new one, which must wait all the same.
 */
final class StreamOrder {

  private final CudaStream home;
  private final CudaDriver.OrderingEvent event;

  /** Whether the last work is on a visited stream and home does not wait for it yet. */
  private boolean away;

  private boolean destroyed;

  /**
   * Creates the event.
   *
   * @param home the stream with which the optimizer was built
   */
  StreamOrder(CudaDriver driver, CudaStream home) {
    this.home = home;
    event = driver.createOrderingEvent();
  }

  /** Whether {@link #atHome} has to enqueue something, which a capture could not record. */
  boolean isAway() {
    return away;
  }

  /**
   * Orders later work on the home stream after all earlier work. Called late, when there is such
   * work: the legacy default stream would hold up other streams while it waits.
   */
  void atHome() {
    if (away) {
      event.delay(home);
      away = false;
    }
  }

  /** Orders later work on another stream after all earlier work. {@link #leave} must follow. */
  void visit(CudaStream stream) {
    if (!away) {
      event.record(home);
    }
    event.delay(stream);
    away = true;
  }

  /** Marks the end of the work on a visited stream, which may be destroyed afterward. */
  void leave(CudaStream stream) {
    event.record(stream);
  }

  /** As {@link #leave} after a failure, since some of the work may be enqueued. */
  void leave(CudaStream stream, Throwable failure) {
    try {
      event.record(stream);
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /** Destroys the event. A second call has no effect, unless the first one failed. */
  void destroy() {
    if (!destroyed) {
      event.destroy();
      destroyed = true;
    }
  }
}
