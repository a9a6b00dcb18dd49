package io.github.lamb4j.internal.engine;

import io.github.lamb4j.internal.safetensors.SafetensorsWriter;
import io.github.lamb4j.internal.safetensors.TensorSource;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a state that several ranks own. The first rank writes the file; the others only take part
 * in reading, piece by piece, because each read exchanges bytes. The first rank goes on reading if
 * it cannot write, so that no rank waits for it.
 */
final class SharedSave {

  /** Writes a file from the tensors that it is given, on the first rank. */
  interface Writer {
    void write(List<TensorSource> tensors) throws IOException;
  }

  private final List<TensorSource> tensors;
  private long piecesRead;

  private SharedSave(List<TensorSource> tensors) {
    this.tensors = tensors;
  }

  static void run(Peers peers, List<TensorSource> tensors, Writer writer) throws IOException {
    if (peers.isAlone()) {
      writer.write(tensors);
      return;
    }
    SharedSave save = new SharedSave(tensors);
    peers.together(
        "save",
        () -> {
          try {
            if (peers.isFirst()) {
              writer.write(save.counting());
            }
          } finally {
            save.readRest();
          }
        });
  }

  private List<TensorSource> counting() {
    List<TensorSource> result = new ArrayList<>();
    for (TensorSource tensor : tensors) {
      TensorSource.Elements elements = (TensorSource.Elements) tensor.data();
      result.add(
          new TensorSource(
              tensor.name(),
              tensor.shape(),
              (offset, target) -> {
                elements.read(offset, target);
                piecesRead++;
              }));
    }
    return result;
  }

  private void readRest() throws IOException {
    FloatBuffer piece = FloatBuffer.allocate(SafetensorsWriter.PIECE_ELEMENTS);
    long index = 0;
    for (TensorSource tensor : tensors) {
      long count = tensor.shape().stream().reduce(1L, (a, b) -> a * b);
      for (long offset = 0; offset < count; offset += piece.limit()) {
        piece.clear().limit((int) Math.min(piece.capacity(), count - offset));
        if (index++ >= piecesRead) {
          ((TensorSource.Elements) tensor.data()).read(offset, piece);
        }
      }
    }
  }
}
