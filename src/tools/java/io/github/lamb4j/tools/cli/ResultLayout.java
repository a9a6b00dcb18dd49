package io.github.lamb4j.tools.cli;

import io.github.lamb4j.internal.safetensors.IndexWriter;
import io.github.lamb4j.internal.safetensors.SafetensorsFile;
import io.github.lamb4j.internal.safetensors.SafetensorsWriter;
import io.github.lamb4j.internal.safetensors.TensorFiles;
import io.github.lamb4j.internal.safetensors.TensorInfo;
import io.github.lamb4j.internal.safetensors.TensorSource;
import io.github.lamb4j.model.StateArray;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * The files of the results. A model in one file gives one file of weights and one of state; a model
 * with an index gives as many of each as it has, with the same tensors, and an index of each.
 */
final class ResultLayout {

  static final String TRUST_FILE = "trust.json";

  private static final String PARAMS = "params";
  private static final String STATE = "state";
  private static final String SUFFIX = ".safetensors";
  private static final String INDEX = ".safetensors.index.json";

  private final TensorFiles model;

  ResultLayout(TensorFiles model) {
    this.model = model;
  }

  /** The names of all files. */
  List<String> names() {
    List<String> names = new ArrayList<>();
    for (String kind : List.of(PARAMS, STATE)) {
      for (int i = 0; i < model.files().size(); i++) {
        names.add(name(kind, i));
      }
      if (model.isIndexed()) {
        names.add(kind + INDEX);
      }
    }
    names.add(TRUST_FILE);
    return names;
  }

  private String name(String kind, int file) {
    return model.isIndexed()
        ? "%s-%05d-of-%05d%s".formatted(kind, file + 1, model.files().size(), SUFFIX)
        : kind + SUFFIX;
  }

  /**
   * Writes the weights.
   *
   * @param tensors the content of each tensor
   * @param metadata makes a file's metadata from its own
   */
  Map<String, StepResults.Writer> params(
      Function<TensorInfo, TensorSource> tensors, UnaryOperator<Map<String, String>> metadata) {
    List<List<TensorSource>> files = new ArrayList<>();
    for (SafetensorsFile file : model.files()) {
      files.add(file.tensors().stream().map(tensors).toList());
    }
    return writers(PARAMS, files, i -> metadata.apply(model.files().get(i).metadata()));
  }

  /**
   * Writes the state. Each file has all of the metadata, which tells files of different steps
   * apart.
   *
   * @param tensors by name
   */
  Map<String, StepResults.Writer> state(
      Map<String, String> metadata, Map<String, TensorSource> tensors) {
    List<List<TensorSource>> files = new ArrayList<>();
    for (SafetensorsFile file : model.files()) {
      List<TensorSource> own = new ArrayList<>();
      for (TensorInfo weights : file.tensors()) {
        for (StateArray array : StateArray.of(true)) {
          TensorSource tensor = tensors.get(array.tensorName(weights.name()));
          if (tensor != null) {
            own.add(tensor);
          }
        }
      }
      files.add(own);
    }
    return writers(STATE, files, i -> metadata);
  }

  private Map<String, StepResults.Writer> writers(
      String kind,
      List<List<TensorSource>> files,
      Function<Integer, Map<String, String>> metadata) {
    Map<String, StepResults.Writer> writers = new LinkedHashMap<>();
    Map<String, String> index = new LinkedHashMap<>();
    long bytes = 0;
    for (int i = 0; i < files.size(); i++) {
      List<TensorSource> own = files.get(i);
      if (model.isIndexed() && own.isEmpty()) {
        continue; // the file of frozen tensors has no state, and no index would name it
      }
      Map<String, String> ownMetadata = metadata.apply(i);
      writers.put(name(kind, i), file -> SafetensorsWriter.write(file, ownMetadata, own));
      for (TensorSource tensor : own) {
        index.put(tensor.name(), name(kind, i));
        long elements = tensor.shape().stream().reduce(1L, (a, b) -> a * b);
        bytes += elements * tensor.dtype().bits() / Byte.SIZE;
      }
    }
    if (model.isIndexed()) {
      long total = bytes;
      writers.put(kind + INDEX, file -> IndexWriter.write(file, total, index));
    }
    return writers;
  }
}
