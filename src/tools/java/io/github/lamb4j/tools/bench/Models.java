package io.github.lamb4j.tools.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The tensors of well-known models, generated from the dimensions of each architecture, under the
 * names of its reference implementation.
 */
public final class Models {

  private static final Map<String, Supplier<ModelShapes>> ALL = new LinkedHashMap<>();

  static {
    ALL.put("bert-large", () -> bert("bert-large", "BERT-large", 24, 1024));
    ALL.put("bert-base", () -> bert("bert-base", "BERT-base", 12, 768));
    ALL.put("resnet-50", Models::resnet50);
    ALL.put("gpt2-xl", () -> gpt2("gpt2-xl", "GPT-2 XL", 48, 1600));
    ALL.put("llama-7b", () -> llama("llama-7b", "Llama 7B", 32, 4096, 11_008));
  }

  private Models() {}

  /** The names of all models, the defaults first. */
  public static Set<String> names() {
    return ALL.keySet();
  }

  /** The model with this name, if there is one. */
  public static Optional<ModelShapes> named(String name) {
    return Optional.ofNullable(ALL.get(name)).map(Supplier::get);
  }

  /** The models to try if none is given, in order; the first that fits is used. */
  public static List<ModelShapes> defaults() {
    List<ModelShapes> models = new ArrayList<>();
    for (String name : List.of("bert-large", "bert-base", "resnet-50")) {
      models.add(ALL.get(name).get());
    }
    return models;
  }

  /** BertModel: embeddings, encoder and pooler, without the pre-training heads. */
  private static ModelShapes bert(String name, String title, int layers, long hidden) {
    ShapeList list = new ShapeList();
    list.weight("embeddings.word_embeddings.weight", 30_522, hidden);
    list.weight("embeddings.position_embeddings.weight", 512, hidden);
    list.weight("embeddings.token_type_embeddings.weight", 2, hidden);
    list.norm("embeddings.LayerNorm", hidden);
    for (int i = 0; i < layers; i++) {
      String layer = "encoder.layer." + i + ".";
      for (String projection : List.of("self.query", "self.key", "self.value", "output.dense")) {
        list.linear(layer + "attention." + projection, hidden, hidden);
      }
      list.norm(layer + "attention.output.LayerNorm", hidden);
      list.linear(layer + "intermediate.dense", 4 * hidden, hidden);
      list.linear(layer + "output.dense", hidden, 4 * hidden);
      list.norm(layer + "output.LayerNorm", hidden);
    }
    list.linear("pooler.dense", hidden, hidden);
    return new ModelShapes(name, title + " (encoder and pooler)", list.tensors());
  }

  private static ModelShapes gpt2(String name, String title, int layers, long hidden) {
    ShapeList list = new ShapeList();
    list.weight("wte.weight", 50_257, hidden);
    list.weight("wpe.weight", 1024, hidden);
    for (int i = 0; i < layers; i++) {
      String layer = "h." + i + ".";
      list.norm(layer + "ln_1", hidden);
      transposed(list, layer + "attn.c_attn", hidden, 3 * hidden);
      transposed(list, layer + "attn.c_proj", hidden, hidden);
      list.norm(layer + "ln_2", hidden);
      transposed(list, layer + "mlp.c_fc", hidden, 4 * hidden);
      transposed(list, layer + "mlp.c_proj", 4 * hidden, hidden);
    }
    list.norm("ln_f", hidden);
    return new ModelShapes(name, title + " (output tied to the embedding)", list.tensors());
  }

  /** GPT-2 stores its matrices as inputs x outputs. */
  private static void transposed(ShapeList list, String name, long inputs, long outputs) {
    list.weight(name + ".weight", inputs, outputs);
    list.exempt(name + ".bias", outputs);
  }

  private static ModelShapes llama(
      String name, String title, int layers, long hidden, long intermediate) {
    ShapeList list = new ShapeList();
    list.weight("model.embed_tokens.weight", 32_000, hidden);
    for (int i = 0; i < layers; i++) {
      String layer = "model.layers." + i + ".";
      for (String projection : List.of("q_proj", "k_proj", "v_proj", "o_proj")) {
        list.weight(layer + "self_attn." + projection + ".weight", hidden, hidden);
      }
      list.weight(layer + "mlp.gate_proj.weight", intermediate, hidden);
      list.weight(layer + "mlp.up_proj.weight", intermediate, hidden);
      list.weight(layer + "mlp.down_proj.weight", hidden, intermediate);
      list.exempt(layer + "input_layernorm.weight", hidden);
      list.exempt(layer + "post_attention_layernorm.weight", hidden);
    }
    list.exempt("model.norm.weight", hidden);
    list.weight("lm_head.weight", 32_000, hidden);
    return new ModelShapes(name, title, list.tensors());
  }

  private static ModelShapes resnet50() {
    int[] blocks = {3, 4, 6, 3};
    ShapeList list = new ShapeList();
    list.weight("conv1.weight", 64, 3, 7, 7);
    list.norm("bn1", 64);
    long inputs = 64;
    for (int stage = 0; stage < blocks.length; stage++) {
      long width = 64L << stage;
      for (int block = 0; block < blocks[stage]; block++) {
        bottleneck(list, "layer%d.%d".formatted(stage + 1, block), inputs, width, block == 0);
        inputs = 4 * width;
      }
    }
    list.linear("fc", 1000, inputs);
    return new ModelShapes("resnet-50", "ResNet-50", list.tensors());
  }

  private static void bottleneck(
      ShapeList list, String name, long inputs, long width, boolean first) {
    list.weight(name + ".conv1.weight", width, inputs, 1, 1);
    list.norm(name + ".bn1", width);
    list.weight(name + ".conv2.weight", width, width, 3, 3);
    list.norm(name + ".bn2", width);
    list.weight(name + ".conv3.weight", 4 * width, width, 1, 1);
    list.norm(name + ".bn3", 4 * width);
    if (first) {
      list.weight(name + ".downsample.0.weight", 4 * width, inputs, 1, 1);
      list.norm(name + ".downsample.1", 4 * width);
    }
  }
}
