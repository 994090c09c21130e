import { createRng } from "./rng.ts";

const QUALITIES =
  "amber brisk calm clear copper coral crisp deep early even fair fine fresh gentle golden green keen kind late lean light linen loyal lunar mild mossy noble north opal pale plain proud quick quiet rapid ready russet silver slow small smooth solar solid steady still stone sunny swift tidy warm white wide wild woven young".split(
    " ",
  );
const CREATURES =
  "badger beaver bison bittern crane curlew deer dipper dove eagle egret falcon finch fox gannet goose grouse hare hawk heron ibis jay kestrel kite lark lynx marten merlin mole moth osprey otter owl pike plover puffin quail rail raven robin salmon seal shrike siskin snipe stoat stork swan swift tern thrush trout vole weasel wolf wren".split(
    " ",
  );
const THINGS =
  "anchor arch barn basin beacon bell bridge brook canal cape chapel cliff cove crest dale delta dune fern field fjord forge furnace garden gate glade grove harbor hearth hill inlet island kiln lagoon lantern ledge loom marsh meadow mesa mill moor orchard pass path pier pond quarry reef ridge river shore slope spring summit tower vale well willow".split(
    " ",
  );

/** Three words that stand for a number: "amber-kestrel-furnace". The same seed, the same name. */
export function threeWords(seed: number | string): string {
  const rng = createRng(seed).fork("name");
  return [QUALITIES, CREATURES, THINGS].map((words) => words[rng.int(words.length)]!).join("-");
}
