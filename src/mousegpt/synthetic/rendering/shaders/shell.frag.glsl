#version 330
// A strand stands in the middle of every cell of the tiled texture; it thins towards its tip.
uniform sampler3D strands;    // distance to the nearest middle (of its cell's width), its length
uniform float cells_per_tile, strand_density, mottling;  // cells, cells per cm
uniform sampler3D mottles;
in vec3 color, place;
in float hair, height;
layout(location = 0) out vec4 pixel;

void main() {
    vec3 shade = color;
    if (hair > 0.02) {
        vec2 strand = texture(strands, place * (strand_density / cells_per_tile)).rg;
        float thick = texture(mottles, place * 0.35).r;
        if (height > 0.0) {
            float reach = (0.45 + 0.55 * strand.y) * (0.75 + 0.5 * thick);
            if (height > reach || strand.x > 0.62 * (1.0 - 0.85 * height / reach)) discard;
        }
        shade *= 1.0 + mottling * (thick - 0.5 + 0.7 * (strand.y - 0.5));
    }
    pixel = vec4(shade, 1.0);
}
