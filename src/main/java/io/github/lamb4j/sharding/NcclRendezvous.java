package io.github.lamb4j.sharding;

import io.github.lamb4j.error.CollectiveException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The messages with which ranks agree to connect through NCCL, or learn why one cannot. */
final class NcclRendezvous {

  private static final byte READY = 0;
  private static final byte FAILED = 1;
  private static final String CALL = "open";

  private NcclRendezvous() {}

  /** The message of a rank that can connect; only rank 0 sends an identifier. */
  static byte[] ready(int version, byte[] id) {
    return ByteBuffer.allocate(5 + id.length).put(READY).putInt(version).put(id).array();
  }

  /** The message of a rank that cannot connect. */
  static byte[] failed(String reason) {
    byte[] text = reason.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(1 + text.length).put(FAILED).put(text).array();
  }

  /** {@return the identifier that rank 0 sent, if all ranks can connect} */
  static byte[] agree(int rank, byte[][] messages) {
    int first = 0;
    for (int other = 0; other < messages.length; other++) {
      byte[] message = messages[other];
      if (message[0] == FAILED) {
        String text = new String(message, 1, message.length - 1, StandardCharsets.UTF_8);
        throw failure(rank, Failure.of(other, "cannot use NCCL: " + text));
      }
      int version = ByteBuffer.wrap(message).getInt(1);
      if (other == 0) {
        first = version;
      } else if (version != first) {
        String reason =
            "has NCCL version code %d, but rank 0 has %d; install the same version everywhere";
        throw failure(rank, Failure.of(other, reason.formatted(version, first)));
      }
    }
    return Arrays.copyOfRange(messages[0], 5, messages[0].length);
  }

  private static CollectiveException failure(int rank, Failure failure) {
    return new CollectiveException(rank, CALL, failure.reason(), failure.culprit());
  }
}
