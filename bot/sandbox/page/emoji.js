// The emoji that people and the app are likely to write as :name:.

const SET = `
smile 😄|smiley 😃|grin 😁|joy 😂|rofl 🤣|slightly_smiling_face 🙂|wink 😉|blush 😊|sunglasses 😎|thinking_face 🤔|neutral_face 😐
cry 😢|sob 😭|angry 😠|rage 😡|scream 😱|sweat_smile 😅|sleeping 😴|zzz 💤|partying_face 🥳|star-struck 🤩|confused 😕|worried 😟|disappointed 😞
+1 👍|thumbsup 👍|-1 👎|thumbsdown 👎|clap 👏|wave 👋|raised_hands 🙌|pray 🙏|handshake 🤝|muscle 💪|ok_hand 👌|point_right 👉|point_left 👈|point_up 👆|point_down 👇|raised_hand ✋|eyes 👀|writing_hand ✍️|crossed_fingers 🤞
heart ❤️|blue_heart 💙|green_heart 💚|yellow_heart 💛|broken_heart 💔|fire 🔥|sparkles ✨|star ⭐|star2 🌟|zap ⚡|boom 💥|100 💯|tada 🎉|confetti_ball 🎊|trophy 🏆|medal 🏅|first_place_medal 🥇|crown 👑|gem 💎|gift 🎁|dart 🎯|rocket 🚀|checkered_flag 🏁|triangular_flag_on_post 🚩
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|negative_squared_cross_mark ❎|warning ⚠️|no_entry ⛔|no_entry_sign 🚫|exclamation ❗|question ❓|grey_question ❔|bangbang ‼️|information_source ℹ️|rotating_light 🚨|bell 🔔|no_bell 🔕|mega 📣|loudspeaker 📢|sos 🆘|new 🆕
red_circle 🔴|large_orange_circle 🟠|orange_circle 🟠|large_yellow_circle 🟡|yellow_circle 🟡|large_green_circle 🟢|green_circle 🟢|large_blue_circle 🔵|blue_circle 🔵|large_purple_circle 🟣|white_circle ⚪|black_circle ⚫|large_green_square 🟩|large_red_square 🟥|large_yellow_square 🟨|large_orange_square 🟧|large_blue_square 🟦|white_large_square ⬜|black_large_square ⬛
clock1 🕐|clock3 🕒|clock9 🕘|alarm_clock ⏰|hourglass ⌛|hourglass_flowing_sand ⏳|stopwatch ⏱️|watch ⌚|calendar 📆|date 📅|spiral_calendar_pad 🗓️|calendar_spiral 🗓️
memo 📝|pencil 📝|pencil2 ✏️|clipboard 📋|pushpin 📌|round_pushpin 📍|paperclip 📎|link 🔗|bookmark 🔖|label 🏷️|file_folder 📁|open_file_folder 📂|page_facing_up 📄|page_with_curl 📃|bookmark_tabs 📑|book 📖|books 📚|notebook 📓|card_index 📇|card_file_box 🗃️|newspaper 📰|scroll 📜|mag 🔍|mag_right 🔎|bulb 💡|key 🔑|lock 🔒|unlock 🔓|gear ⚙️|wrench 🔧|hammer 🔨|hammer_and_wrench 🛠️|toolbox 🧰|wastebasket 🗑️|inbox_tray 📥|outbox_tray 📤|package 📦|email 📧|envelope ✉️|incoming_envelope 📨|phone ☎️|telephone_receiver 📞|iphone 📱|computer 💻|speech_balloon 💬|left_speech_bubble 🗨️|thought_balloon 💭|busts_in_silhouette 👥|bust_in_silhouette 👤|office 🏢|factory 🏭|house 🏠|bank 🏦
chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|bar_chart 📊|moneybag 💰|dollar 💵|yen 💴|euro 💶|credit_card 💳|money_with_wings 💸|receipt 🧾|briefcase 💼|scales ⚖️|balance_scale ⚖️
arrow_right ➡️|arrow_left ⬅️|arrow_up ⬆️|arrow_down ⬇️|arrow_upper_right ↗️|arrow_lower_right ↘️|leftwards_arrow_with_hook ↩️|arrow_right_hook ↪️|arrows_counterclockwise 🔄|arrows_clockwise 🔃|repeat 🔁|recycle ♻️|fast_forward ⏩|double_vertical_bar ⏸️|arrow_forward ▶️|black_square_for_stop ⏹️|heavy_plus_sign ➕|heavy_minus_sign ➖|infinity ♾️
sunny ☀️|sunrise 🌅|partly_sunny ⛅|cloud ☁️|rain_cloud 🌧️|umbrella ☂️|snowflake ❄️|ocean 🌊|swimmer 🏊|seedling 🌱|herb 🌿|evergreen_tree 🌲|deciduous_tree 🌳|fallen_leaf 🍂|four_leaf_clover 🍀|cherry_blossom 🌸|coffee ☕|tea 🍵|beer 🍺|pizza 🍕|cake 🍰|apple 🍎|game_die 🎲|art 🎨|musical_note 🎵|movie_camera 🎥|camera 📷|tv 📺|robot_face 🤖|ghost 👻|skull 💀|bug 🐛|turtle 🐢|rabbit 🐰|fox_face 🦊|octopus 🐙|snail 🐌|ambulance 🚑|airplane ✈️|car 🚗|train 🚆|construction 🚧|traffic_light 🚥|vertical_traffic_light 🚦|world_map 🗺️|earth_asia 🌏|globe_with_meridians 🌐|compass 🧭|lifebuoy 🛟|ring_buoy 🛟|shield 🛡️|crossed_swords ⚔️|bow_and_arrow 🏹|fishing_pole_and_fish 🎣|magnet 🧲|test_tube 🧪|microscope 🔬|telescope 🔭|thermometer 🌡️|pill 💊|adhesive_bandage 🩹|one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|six 6️⃣|seven 7️⃣|eight 8️⃣|nine 9️⃣|keycap_ten 🔟|zero 0️⃣|a 🅰️|b 🅱️|cn 🇨🇳|flag-cn 🇨🇳|us 🇺🇸|flag-us 🇺🇸|gb 🇬🇧|de 🇩🇪|flag-de 🇩🇪`;

export const EMOJI = new Map(
  SET.trim()
    .split(/[|\n]/)
    .map((pair) => pair.trim().split(" "))
    .map(([name, sign]) => [name, sign]),
);
